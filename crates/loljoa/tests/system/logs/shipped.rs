//! `deploy/logging` and `docs/logs.md`: whether real lines fit the types that indices have, and what is documented is what is written.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// An index's mapping.
pub(super) struct Mapping {
    properties: Map<String, Value>,
    /// Types of JSON for which there is a rule where no property is.
    dynamic: BTreeSet<String>,
}

impl Mapping {
    pub(super) fn of(path: &str) -> Self {
        let mappings = json(path)["template"]["mappings"].clone();
        let templates = mappings["dynamic_templates"].as_array().unwrap();
        let rules = templates.iter().flat_map(|template| template.as_object().unwrap().values());
        let dynamic = rules.map(|rule| {
            assert_eq!(rule["mapping"]["type"], "keyword", "takes whatever comes");
            rule["match_mapping_type"].as_str().unwrap().to_owned()
        });
        Self { dynamic: dynamic.collect(), properties: mappings["properties"].as_object().unwrap().clone() }
    }

    /// Whether `OpenSearch` would take every field of a line as it is meant.
    pub(super) fn takes(&self, line: &Value) -> Result<(), String> {
        for (name, value) in line.as_object().unwrap() {
            let known = self.property(name);
            let is_good = match known.and_then(|property| property["type"].as_str()) {
                Some("date_nanos") => {
                    value.as_str().is_some_and(|text| text.parse::<DateTime<Utc>>().is_ok())
                }
                Some("long" | "short") => value.is_i64() || value.is_u64(),
                Some("flat_object") => value.is_object(),
                Some("keyword" | "text") => !value.is_object() && !value.is_array(),
                Some(other) => return Err(format!("nobody checks {other}")),
                None => self.has_a_rule(value),
            };
            if !is_good {
                return Err(format!("{name} is {value}"));
            }
        }
        Ok(())
    }

    /// A dot in a name is a level, as `OpenSearch` reads it.
    fn property(&self, name: &str) -> Option<&Value> {
        if let Some(property) = self.properties.get(name) {
            return Some(property);
        }
        let (first, rest) = name.split_once('.')?;
        self.properties.get(first)?["properties"].get(rest)
    }

    fn has_a_rule(&self, value: &Value) -> bool {
        let kind = match value {
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "double",
            Value::Number(_) => "long",
            Value::Null | Value::Array(_) | Value::Object(_) => return false,
        };
        self.dynamic.contains(kind)
    }

    fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let logs = Mapping::of("deploy/logging/template-logs.json");
    let good = r#"{"timestamp":"2026-01-02T03:04:05.678901Z","level":"INFO","span":{"name":"x"},"took_ms":3,"new":1.5,"panic.location":"a:1"}"#;
    assert_eq!(logs.takes(&serde_json::from_str(good).unwrap()), Ok(()));
    for (bad, why) in [
        (r#"{"timestamp":"yesterday"}"#, r#"timestamp is "yesterday""#),
        (r#"{"took_ms":"3ms"}"#, r#"took_ms is "3ms""#),
        (r#"{"span":"x"}"#, r#"span is "x""#),
        (r#"{"level":{"a":1}}"#, r#"level is {"a":1}"#),
        (r#"{"new":[1]}"#, "new is [1]"),
    ] {
        assert_eq!(logs.takes(&serde_json::from_str(bad).unwrap()), Err(why.to_owned()));
    }
}

/// The names before a colon within the block that `begin` opens, as deep as its first line.
fn keys_below(text: &str, begin: &str) -> BTreeSet<String> {
    let block = text.split_once(begin).unwrap().1.trim_start_matches('\n');
    let depth = |line: &str| line.len() - line.trim_start().len();
    let first = depth(block.lines().next().unwrap());
    let lines = block.lines().take_while(|line| depth(line) == first);
    lines.map(|line| line.trim().split_once(':').unwrap().0.to_owned()).collect()
}

#[test]
fn access_logs_of_mesh_and_front_have_the_fields_that_their_index_knows() {
    let access = Mapping::of("deploy/logging/template-access.json");
    let mesh = keys_below(&read("istio/istiod-values.yaml"), "labels:");
    let front = keys_below(&read("deploy/compose/envoy.yaml"), "json_format:");
    assert_eq!(mesh, front);
    assert!(mesh.len() > 8, "{mesh:?}");
    let unknown: Vec<_> = mesh.iter().filter(|field| !access.has(field)).collect();
    assert_eq!(unknown, [] as [&String; 0]);
    // As Envoy writes it: numbers where they are numbers, and null for what is not there, which OpenSearch leaves out.
    let line = r#"{"duration_ms":3,"flags":"-","grpc_status":null,"method":"GET","path":"/api/nothing","peer":null,"status":404,"time":"2026-11-27T19:50:23.777Z","trace_id":null,"upstream":"gateway","upstream_host":"127.0.0.1:31080"}"#;
    assert_eq!(access.takes(&serde_json::from_str(line).unwrap()), Ok(()));
}

#[test]
fn saved_searches_ask_for_fields_and_events_that_there_are() {
    let indices = [
        ("loljoa-logs", Mapping::of("deploy/logging/template-logs.json")),
        ("loljoa-access", Mapping::of("deploy/logging/template-access.json")),
    ];
    let events = written();
    let objects: Vec<Value> = read("deploy/logging/saved-searches.ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: BTreeSet<_> = objects.iter().map(|object| object["id"].to_string()).collect();
    assert_eq!(ids.len(), objects.len());
    let mut searches = 0;
    for object in objects.iter().filter(|object| object["type"] == "search") {
        let of = object["references"][0]["id"].as_str().unwrap();
        assert!(ids.contains(&object["references"][0]["id"].to_string()), "{object}");
        let (_, mapping) = indices.iter().find(|(id, _)| *id == of).unwrap();
        for column in object["attributes"]["columns"].as_array().unwrap() {
            let column = column.as_str().unwrap();
            // What only some events have is a keyword by rule.
            assert!(mapping.has(column) || ["from", "to", "until"].contains(&column), "{column}: {object}");
        }
        let source = object["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"].as_str().unwrap();
        let source: Value = serde_json::from_str(source).unwrap();
        let query = source["query"]["query"].as_str().unwrap().to_owned();
        if let Some(event) = query.split("event: ").nth(1).map(|rest| rest.split(' ').next().unwrap()) {
            let (prefix, any) = event.strip_suffix('*').map_or((event, false), |prefix| (prefix, true));
            let found =
                events.iter().any(|event| if any { event.starts_with(prefix) } else { event == prefix });
            assert!(found, "{query}");
        }
        searches += 1;
    }
    assert!(searches >= 8);
}

/// The events that code writes.
fn written() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for service in ["account", "betting", "gateway", "league-schedule", "service-kit", "web", "loljoa"] {
        look(&root().join("crates").join(service).join("src"), &mut found);
    }
    found
}

fn look(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let names =
                text.split("event = \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
            found.extend(names);
        }
    }
}

#[test]
fn every_event_is_documented_and_no_other() {
    let text = read("docs/logs.md");
    let table = text.split_once("## Events").unwrap().1;
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<_> = rows.map(|(event, _)| event.to_owned()).collect();
    assert_eq!(documented, written());
}
