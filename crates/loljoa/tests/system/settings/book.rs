//! The operators' book and the programs name the same settings, with the same defaults.

use std::{collections::BTreeSet, fs, path::Path};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde_json::Value;

use super::walk::{Configured, settings};

/// A setting as the book has it: its key, its default in the words of the book, and what it does.
struct Entry {
    key: String,
    default: String,
    meaning: String,
}

/// Where another service is named, each of its settings stands under the service's name.
const NEIGHBOURS: [&str; 5] =
    ["account", "league_schedule", "upstreams.account", "upstreams.league_schedule", "upstreams.betting"];
/// What has to be set.
const REQUIRED: &str = "–";
/// Defaults that are another thing than a value.
const PROSE: [(&str, &str); 2] = [
    ("passwords.concurrency", "half of the cores"),
    ("runtime.telemetry.service_name", "the service's name"),
];

#[test]
fn every_setting_stands_in_the_operators_book_with_its_default_and_no_other() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let entries = entries(&fs::read_to_string(book).unwrap());
    let mut wrong = BTreeSet::new();
    let mut known = BTreeSet::new();
    let services = Configured::all().map(|configured| (configured.service.name(), configured.settings));
    let web = ("web", settings(&loljoa_web::Config::default()));
    for (service, settings) in services.into_iter().chain([web]) {
        assert!(settings.len() > 20, "{service}: {settings:?}");
        for (key, default) in settings {
            let Some(place) = entries.iter().position(|entry| matches(&entry.key, &key)) else {
                wrong.insert(format!("{key} = {default} is not in the book"));
                continue;
            };
            known.insert(place);
            if !says(&entries[place], &key, &default) {
                wrong.insert(format!("{key} is {default}, not {}", entries[place].default));
            }
        }
    }
    for (place, Entry { key, meaning, .. }) in entries.iter().enumerate() {
        if !known.contains(&place) {
            wrong.insert(format!("{key} is in the book and no setting, or twice"));
        }
        if meaning.is_empty() {
            wrong.insert(format!("{key} is not explained"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rows of all tables of settings.
fn entries(book: &str) -> Vec<Entry> {
    let section = book.split("\n## ").find(|section| section.starts_with("Configuration")).unwrap();
    let mut entries = Vec::new();
    let mut is_of_settings = false;
    for line in section.lines() {
        if !line.starts_with('|') {
            is_of_settings = false;
        } else if line.starts_with("| key |") {
            is_of_settings = true;
        } else if is_of_settings && !line.starts_with("| ---") {
            entries.extend(row(line));
        }
    }
    entries
}

/// A row has keys, as many defaults, and what they do.
fn row(line: &str) -> Vec<Entry> {
    let cells: Vec<_> = line.trim_matches('|').splitn(3, '|').map(str::trim).collect();
    let [keys, defaults, meaning] = cells[..] else { panic!("{line}") };
    let (keys, defaults) = (parts(keys), parts(defaults));
    assert_eq!(keys.len(), defaults.len(), "{line}");
    let mut full = String::new();
    let entries = keys.into_iter().zip(defaults).map(|(key, default)| {
        // `.b` after `x.a` is `x.b`.
        full = match key.strip_prefix('.') {
            Some(last) => format!("{}.{last}", full.rsplit_once('.').unwrap().0),
            None => key,
        };
        Entry { key: full.clone(), default, meaning: meaning.to_owned() }
    });
    entries.collect()
}

/// What is separated by commas outside of backticks, without them.
fn parts(cell: &str) -> Vec<String> {
    let (mut parts, mut is_code) = (vec![String::new()], false);
    for character in cell.chars() {
        match character {
            '`' => is_code = !is_code,
            ',' if !is_code => parts.push(String::new()),
            character => parts.last_mut().unwrap().push(character),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// Whether the book's key is the setting's, or that of the table in which it stands.
fn matches(key: &str, setting: &str) -> bool {
    match key.strip_prefix("*.") {
        Some(last) => {
            setting.rsplit_once('.').is_some_and(|(of, name)| name == last && NEIGHBOURS.contains(&of))
        }
        None => setting == key || setting.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')),
    }
}

/// Whether the book says that this is the default.
fn says(entry: &Entry, setting: &str, default: &Value) -> bool {
    if entry.default == REQUIRED || PROSE.contains(&(setting, entry.default.as_str())) {
        return true;
    }
    if entry.default == "none" {
        return default.is_null() || default.as_array().is_some_and(Vec::is_empty);
    }
    let told = Figment::from(Toml::string(&format!("value = {}", entry.default)));
    let told = told.extract_inner::<Value>("value").unwrap_or_else(|_| entry.default.as_str().into());
    let within = setting.strip_prefix(&entry.key).and_then(|rest| rest.strip_prefix('.'));
    let told = within.map_or(&told, |within| &told[within]);
    match (told.as_f64(), default.as_f64()) {
        (Some(told), Some(default)) => (told - default).abs() < f64::EPSILON,
        _ => told == default,
    }
}
