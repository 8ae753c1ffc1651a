use std::{collections::BTreeMap, path::PathBuf};

use figment::{Figment, error::Kind, providers::Serialized};
use loljoa::system::Service;
use loljoa_service_kit::{
    cli::ServiceConfig,
    config::{self, Database, Upstream},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Nothing is called so.
const UNKNOWN: &str = "zzz";
/// What tells the sources of matches apart.
const KIND: &str = "source.kind";

/// A service's settings by their keys, each with its default; null where there is none.
pub(super) type Settings = BTreeMap<String, Value>;

/// A service, as far as its configuration goes.
pub(super) struct Configured {
    pub(super) service: Service,
    pub(super) settings: Settings,
    /// What has to be set, as lines of TOML by key.
    pub(super) least: BTreeMap<&'static str, &'static str>,
    load: fn(&[PathBuf]) -> Result<(), String>,
}

impl Configured {
    /// All four.
    pub(super) fn all() -> [Self; 4] {
        let at = || Upstream::at("http://127.0.0.1:1".parse().unwrap());
        let (database, url) = (|| Database::at("postgres://h/x"), ("database.url", "'postgres://h/x'"));
        let sealing_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let account = loljoa_account::Config::new(database(), sealing_key);
        let source = loljoa_league_schedule::config::Source::default();
        let league_schedule = loljoa_league_schedule::Config::new(database(), at(), source);
        let betting = loljoa_betting::Config::new(database(), at(), at());
        let upstreams =
            loljoa_gateway::config::Upstreams { account: at(), league_schedule: at(), betting: at() };
        let gateway = loljoa_gateway::Config::new(upstreams);
        let neighbour = "'http://127.0.0.1:1'";
        [
            Self::of(
                Service::Account,
                &account,
                &[
                    url,
                    ("tokens.sealing_key", "'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='"),
                    ("bootstrap_admin.username", "'bengi'"),
                    ("bootstrap_admin.password", "'a long one, of many words'"),
                ],
            ),
            Self::of(
                Service::LeagueSchedule,
                &league_schedule,
                &[
                    url,
                    ("account.url", neighbour),
                    (KIND, "'live'"),
                    ("source.base_url", "'https://esports-api.example'"),
                    ("source.api_key", "'key'"),
                ],
            ),
            Self::of(
                Service::Betting,
                &betting,
                &[url, ("account.url", neighbour), ("league_schedule.url", neighbour)],
            ),
            Self::of(
                Service::Gateway,
                &gateway,
                &[
                    ("upstreams.account.url", neighbour),
                    ("upstreams.league_schedule.url", neighbour),
                    ("upstreams.betting.url", neighbour),
                ],
            ),
        ]
    }

    fn of<C: ServiceConfig + Serialize>(
        service: Service,
        defaults: &C,
        least: &[(&'static str, &'static str)],
    ) -> Self {
        let settings = settings(defaults);
        let load = |paths: &[PathBuf]| match config::load::<C>(paths) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        Self { service, settings, least: least.iter().copied().collect(), load }
    }

    /// Whether the service would start with this value, in TOML, under `key`; otherwise what it says.
    pub(super) fn takes(&self, key: &str, value: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("service.toml");
        let others = self.least.iter().filter(|(other, _)| **other != key);
        let lines = others.map(|(key, value)| (*key, *value)).chain([(key, value)]);
        let toml: Vec<_> = lines.map(|(key, value)| format!("{key} = {value}")).collect();
        std::fs::write(&file, toml.join("\n")).unwrap();
        (self.load)(&[file])
    }
}

/// All settings of a program whose defaults are these.
pub(super) fn settings<C: ServiceConfig + Serialize>(defaults: &C) -> Settings {
    let mut settings = Settings::new();
    walk::<C>(&mut Vec::new(), &serde_json::to_value(defaults).unwrap(), &mut settings);
    settings
}

/// Notes all settings below `path`, whose defaults are `defaults`.
fn walk<C: ServiceConfig>(path: &mut Vec<&'static str>, defaults: &Value, settings: &mut Settings) {
    for kind in kinds::<C>(path) {
        let Some(fields) = fields::<C>(path, kind) else { continue };
        for field in fields {
            path.push(field);
            let default = defaults.get(field).unwrap_or(&Value::Null);
            if kinds::<C>(path).iter().any(|kind| fields_are_there::<C>(path, *kind)) {
                walk::<C>(path, default, settings);
            } else {
                let default = if kind.is_some() { of_source(kind, field) } else { default.clone() };
                settings.insert(path.join("."), default);
            }
            path.pop();
        }
    }
    if path.join(".") + ".kind" == KIND {
        settings.insert(KIND.to_owned(), defaults["kind"].clone());
    }
}

fn fields_are_there<C: ServiceConfig>(path: &[&str], kind: Option<&str>) -> bool {
    fields::<C>(path, kind).is_some()
}

/// The default of what only one source of matches has.
fn of_source(kind: Option<&str>, field: &str) -> Value {
    use loljoa_league_schedule::config::{File, Live, Replay};
    let defaults = match kind {
        Some("file") => serde_json::to_value(File::default()),
        Some("live") => serde_json::to_value(Live::at("https://h".parse().unwrap(), "")),
        Some("replay") => serde_json::to_value(Replay::default()),
        _ => Ok(Value::Null),
    };
    if field == "base_url" { Value::Null } else { defaults.unwrap()[field].clone() }
}

/// What a table of settings may be told apart by: nothing, but where a key says which of several it is.
fn kinds<C: ServiceConfig>(path: &[&str]) -> Vec<Option<&'static str>> {
    let error = complaint::<C>(path, &json!({ "kind": UNKNOWN }));
    match error {
        Some(Kind::UnknownVariant(name, allowed)) if name == UNKNOWN => {
            allowed.iter().map(|kind| Some(*kind)).collect()
        }
        _ => vec![None],
    }
}

/// The keys of the table at `path`; none when there is no table.
fn fields<C: ServiceConfig>(path: &[&str], kind: Option<&str>) -> Option<&'static [&'static str]> {
    let table = match kind {
        Some(kind) => json!({ "kind": kind, UNKNOWN: 1 }),
        None => json!({ UNKNOWN: 1 }),
    };
    match complaint::<C>(path, &table) {
        Some(Kind::UnknownField(name, allowed)) if name == UNKNOWN => Some(allowed),
        _ => None,
    }
}

/// What the service says first of a configuration that has nothing but this at `path`.
fn complaint<C: ServiceConfig>(path: &[&str], value: &Value) -> Option<Kind> {
    let nest = |value, key: &&str| json!({ *key: value });
    let whole = path.iter().rev().fold(value.clone(), nest);
    let error = Figment::from(Serialized::defaults(whole)).extract::<C>().err()?;
    error.into_iter().next().map(|error| error.kind)
}
