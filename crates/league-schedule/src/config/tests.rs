use loljoa_service_kit::config::checked;
use serde_json::json;

use super::*;

fn read(source: &serde_json::Value) -> Result<Config, String> {
    let config = json!({
        "database": { "url": "postgres://127.0.0.1/league" },
        "account": { "url": "http://127.0.0.1:50051" },
        "source": source,
    });
    let config = serde_json::from_value(config).map_err(|error| error.to_string())?;
    checked(config).map_err(|error| error.to_string())
}

#[test]
fn every_source_has_defaults() {
    for source in [
        json!({ "kind": "import" }),
        json!({ "kind": "file" }),
        json!({ "kind": "replay" }),
        json!({ "kind": "live", "base_url": "https://esports-api.example", "api_key": "key" }),
    ] {
        read(&source).unwrap();
    }
    let Source::Replay(replay) = read(&json!({ "kind": "replay", "start_week": 3 })).unwrap().source else {
        panic!("a replay was asked for")
    };
    assert_eq!(replay, Replay { start_week: Some(3), ..Replay::default() });
}

#[test]
fn a_wrong_value_names_its_key_and_what_is_allowed() {
    let replay = |key: &str, value: u64| read(&json!({ "kind": "replay", key: value })).unwrap_err();
    assert!(replay("interval_ms", 0).contains("source.interval_ms = 0: must be from 1 to 604800000"));
    assert!(replay("start_week", 10).contains("source.start_week = 10: must be from 1 to 9"));
    assert!(replay("speed", 2).contains("unknown field `speed`"));
    let live = json!({ "kind": "live", "base_url": "ftp://example", "api_key": "k\u{e9}y" });
    let error = read(&live).unwrap_err();
    assert!(error.contains("source.base_url = ftp://example/: must be https;"), "{error}");
    assert!(error.contains("source.api_key = (not shown)") && !error.contains("k\u{e9}y"), "{error}");
}

#[test]
fn the_key_goes_over_plain_http_only_where_nobody_listens_or_by_name() {
    let live = |base_url: &str, plain_http: bool| {
        read(&json!({ "kind": "live", "base_url": base_url, "api_key": "key", "plain_http": plain_http }))
    };
    for here in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://esports-api.example"]
    {
        live(here, false).unwrap();
    }
    let error = live("http://esports-api.example", false).unwrap_err();
    assert!(error.contains("source.base_url = http://esports-api.example/: must be https"), "{error}");
    live("http://esports-api.example", true).unwrap();
    assert!(live("ftp://127.0.0.1", true).is_err());
}
