use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{ADMIN, Options, Service, ServiceAddresses};

/// What each service is told, in the shape of its configuration file.
pub(super) struct Configs(BTreeMap<Service, Value>);

impl Configs {
    pub(super) fn new(options: &Options, addresses: &BTreeMap<Service, ServiceAddresses>) -> Self {
        let configs = Service::ALL.into_iter().map(|service| {
            let mut config = match service {
                Service::Account => account(options),
                Service::LeagueSchedule => league_schedule(options, addresses),
                Service::Betting => betting(options, addresses),
                Service::Gateway => gateway(options, addresses),
            };
            merge(&mut config, &common(options, service, &addresses[&service]));
            if let Some(overrides) = options.overrides.get(&service) {
                merge(&mut config, overrides);
            }
            (service, config)
        });
        Self(configs.collect())
    }

    pub(super) fn of(&self, service: Service) -> &Value {
        &self.0[&service]
    }
}

fn common(options: &Options, service: Service, at: &ServiceAddresses) -> Value {
    // On one machine whoever looks around is at home.
    let (section, open) = match service {
        Service::Gateway => ("http", "public_hello"),
        _ => ("grpc", "reflection"),
    };
    let mut telemetry = json!({ "log": options.log, "log_format": "text" });
    if let Some(endpoint) = &options.otlp {
        merge(&mut telemetry, &json!({ "otlp_endpoint": endpoint, "sample_ratio": 1.0 }));
    }
    json!({
        section: { "listen": at.service, open: true },
        "runtime": {
            "admin_listen": at.admin,
            "experiments": options.experiments,
            "telemetry": telemetry,
            // No load balancer has to look elsewhere first.
            "drain": { "delay_ms": 0 },
        },
    })
}

fn account(options: &Options) -> Value {
    json!({
        "database": { "url": options.databases.account.expose_secret() },
        "tokens": { "sealing_key": options.sealing_key.expose_secret() },
        "bootstrap_admin": { "username": ADMIN, "password": options.admin_password.expose_secret() },
    })
}

fn league_schedule(options: &Options, addresses: &BTreeMap<Service, ServiceAddresses>) -> Value {
    let mut config = json!({
        "database": { "url": options.databases.league_schedule.expose_secret() },
        "account": upstream(addresses, Service::Account),
    });
    merge(&mut config, &source(options));
    config
}

fn source(options: &Options) -> Value {
    let Some(replay) = &options.replay else {
        return json!({ "source": { "kind": "file" } });
    };
    let interval = replay.interval.as_millis();
    let mut source = json!({ "kind": "replay", "interval_ms": interval, "duration_ms": interval });
    if let Some(week) = replay.start_week {
        merge(&mut source, &json!({ "start_week": week }));
    }
    json!({ "source": source })
}

fn betting(options: &Options, addresses: &BTreeMap<Service, ServiceAddresses>) -> Value {
    json!({
        "database": { "url": options.databases.betting.expose_secret() },
        "account": upstream(addresses, Service::Account),
        "league_schedule": upstream(addresses, Service::LeagueSchedule),
        "cancel_window_ms": options.cancel_window.as_millis(),
    })
}

fn gateway(options: &Options, addresses: &BTreeMap<Service, ServiceAddresses>) -> Value {
    json!({
        "upstreams": {
            "account": upstream(addresses, Service::Account),
            "league_schedule": upstream(addresses, Service::LeagueSchedule),
            "betting": upstream(addresses, Service::Betting),
        },
        "web_root": options.web_root,
    })
}

fn upstream(addresses: &BTreeMap<Service, ServiceAddresses>, service: Service) -> Value {
    json!({ "url": format!("http://{}", addresses[&service].service) })
}

/// Lays `over` over `base`: tables are merged, all else is replaced.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_reach_into_tables_and_leave_their_neighbours() {
        let mut config = json!({ "bets": { "queue": 1, "workers": 2 } });
        merge(&mut config, &json!({ "bets": { "queue": 9 }, "limits": { "max_in_flight": 3 } }));
        assert_eq!(config, json!({ "bets": { "queue": 9, "workers": 2 }, "limits": { "max_in_flight": 3 } }));
    }
}
