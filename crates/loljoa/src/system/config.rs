use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{ADMIN, Options, Part, Service, ServiceAddresses};

type Addresses = BTreeMap<Part, ServiceAddresses>;

/// What each service is told, in the shape of its configuration file.
pub(super) struct Configs(BTreeMap<Part, Value>);

impl Configs {
    pub(super) fn new(options: &Options, addresses: &Addresses) -> Self {
        let configs = addresses.iter().map(|(part, at)| {
            let mut config = match part.service {
                Service::Account => account(options, addresses, part.cell),
                Service::LeagueSchedule => league_schedule(options, addresses),
                Service::Betting => betting(options, addresses, part.cell),
                Service::Gateway => gateway(options, addresses),
            };
            merge(&mut config, &common(options, part.service, at));
            if let Some(overrides) = options.overrides.get(&part.service) {
                merge(&mut config, overrides);
            }
            (*part, config)
        });
        Self(configs.collect())
    }

    pub(super) fn of(&self, part: Part) -> &Value {
        &self.0[&part]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Service, &Value)> {
        self.0.iter().map(|(part, config)| (part.service, config))
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

fn account(options: &Options, addresses: &Addresses, cell: u16) -> Value {
    let mut config = json!({
        "database": { "url": options.databases.accounts()[usize::from(cell)].expose_secret() },
        "tokens": { "sealing_key": options.sealing_key.expose_secret() },
        "bootstrap_admin": { "username": ADMIN, "password": options.admin_password.expose_secret() },
    });
    let of = options.databases.accounts().len();
    if of > 1 {
        let urls = urls(addresses, Service::Account);
        merge(&mut config, &json!({ "cell": { "index": cell, "of": of }, "cell_urls": urls }));
    }
    config
}

fn league_schedule(options: &Options, addresses: &Addresses) -> Value {
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

fn betting(options: &Options, addresses: &Addresses, cell: u16) -> Value {
    let mut config = json!({
        "database": { "url": options.databases.bettings()[usize::from(cell)].expose_secret() },
        "account": upstream(addresses, Service::Account),
        "league_schedule": upstream(addresses, Service::LeagueSchedule),
        "cancel_window_ms": options.cancel_window.as_millis(),
    });
    let of = options.databases.bettings().len();
    if of > 1 {
        merge(&mut config, &json!({ "cell": { "index": cell, "of": of } }));
    }
    config
}

fn gateway(options: &Options, addresses: &Addresses) -> Value {
    json!({
        "upstreams": {
            "account": upstream(addresses, Service::Account),
            "league_schedule": upstream(addresses, Service::LeagueSchedule),
            "betting": upstream(addresses, Service::Betting),
        },
        "web_root": options.web_root,
        // Who has asked for traces on their own machine may begin one.
        "http": { "trust_traceparent": options.otlp.is_some() },
    })
}

fn upstream(addresses: &Addresses, service: Service) -> Value {
    let mut urls = urls(addresses, service).into_iter();
    json!({ "url": urls.next(), "further_cells": urls.collect::<Vec<_>>() })
}

/// Where each cell of a service is.
fn urls(addresses: &Addresses, service: Service) -> Vec<String> {
    let cells = addresses.iter().filter(|(part, _)| part.service == service);
    cells.map(|(_, at)| format!("http://{}", at.service)).collect()
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
