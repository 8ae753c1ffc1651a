use std::{
    collections::HashSet,
    fmt,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
};

use loljoa::system::Service;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::App;

const LOLJOA: &str = env!("CARGO_BIN_EXE_loljoa");

/// The logs of the services of a story.
pub(super) struct Written(TempDir);

impl Written {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // It runs what it is told as `loljoa` would, and keeps all that it says.
        let script =
            format!("#!/bin/sh\nexec '{LOLJOA}' \"$@\" >>'{}'/\"$2\".log 2>&1\n", directory.path().display());
        let written = Self(directory);
        fs::write(written.program(), script).unwrap();
        fs::set_permissions(written.program(), Permissions::from_mode(0o755)).unwrap();
        written
    }

    /// What runs a service.
    pub(super) fn program(&self) -> PathBuf {
        self.0.path().join("loljoa")
    }

    fn file(&self, service: &str) -> PathBuf {
        self.0.path().join(format!("{service}.log"))
    }

    /// All that a service has said so far.
    pub(super) fn read(&self, service: &str) -> String {
        fs::read_to_string(self.file(service)).unwrap_or_default()
    }

    /// Every log, by the name of its service.
    pub(super) fn all(&self) -> Vec<(&'static str, String)> {
        let services = Service::ALL.map(Service::name).into_iter().chain(["migrate"]);
        services.map(|service| (service, self.read(service))).collect()
    }

    /// Migrates account's database, which is done already, and keeps what that says.
    pub(super) fn migrate(&self, app: &App) {
        let file = File::create(self.file("migrate")).unwrap();
        let [url, ..] = app.db.urls();
        let status = Command::new(LOLJOA)
            .args(["migrate", "account"])
            .env_clear()
            .env("LOLJOA__DATABASE__URL", url)
            .env("LOLJOA__RUNTIME__TELEMETRY__LOG", "trace")
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status();
        assert!(status.unwrap().success());
    }

    /// The lines of a service's log.
    pub(super) fn lines(&self, service: &str) -> Vec<Value> {
        self.read(service).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Each line is an object whose fields are those of docs/logs.md. None stands there twice: `OpenSearch` would take no such line.
    pub(super) fn look_at_lines(&self, service: Service) {
        let text = self.read(service.name());
        assert!(text.lines().count() > 100, "{service} says next to nothing");
        for line in text.lines() {
            let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if let Err(error) = serde_json::from_str::<Unique>(line) {
                panic!("{error}: {line}");
            }
            let is_text = |field: &str| parsed[field].as_str().is_some_and(|text| !text.is_empty());
            for field in ["timestamp", "level", "service", "version", "target"] {
                assert!(is_text(field), "no {field}: {line}");
            }
            assert_eq!(parsed["service"], service.name(), "{line}");
            for (field, digits) in [("trace_id", 32), ("span_id", 16)] {
                let id = parsed[field].as_str().unwrap_or_else(|| panic!("no {field}: {line}"));
                assert!(id.is_empty() || id.len() == digits, "{line}");
            }
            let is_ours = parsed["target"].as_str().is_some_and(|target| target.starts_with("loljoa"));
            if is_ours && ["INFO", "WARN", "ERROR"].iter().any(|level| parsed["level"] == *level) {
                assert!(is_text("event"), "no event: {line}");
            }
        }
    }
}

/// Any JSON in which no object has a key twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

struct Look;

macro_rules! plain {
    ($($visit:ident: $of:ty),*) => {
        $(fn $visit<E>(self, _: $of) -> Result<Unique, E> { Ok(Unique) })*
    };
}

impl<'de> Visitor<'de> for Look {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a key that stands twice")
    }

    plain!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(serde::de::Error::custom(format!("{key} stands twice")));
            }
            keys.insert(key);
            members.next_value::<Unique>()?;
        }
        Ok(Unique)
    }
}

#[test]
fn a_key_that_stands_twice_is_found_wherever_it_is() {
    for (line, is_good) in [
        (r#"{"a":1,"b":{"a":"x"}}"#, true),
        (r#"{"a":1,"a":2}"#, false),
        (r#"{"b":{"a":1,"a":null}}"#, false),
    ] {
        assert_eq!(serde_json::from_str::<Unique>(line).is_ok(), is_good, "{line}");
    }
}
