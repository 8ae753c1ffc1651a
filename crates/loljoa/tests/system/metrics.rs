//! What Prometheus reads, and what is written of it.

use std::{collections::BTreeSet, fs, path::Path};

use loljoa::system::Service;
use loljoa_service_kit::metrics::{Described, SERVICE_LABEL};

use crate::support::{App, Cup};

/// What belongs to the process, not to one of its services.
const OF_THE_PROCESS: [&str; 4] = [
    "loljoa_build_info",
    "loljoa_db_stray_transactions_total",
    "loljoa_telemetry_dropped_spans_total",
    "loljoa_transaction_retries_total",
];

fn described() -> impl Iterator<Item = &'static Described> {
    let services = [
        loljoa_account::metrics::METRICS,
        loljoa_league_schedule::metrics::METRICS,
        loljoa_betting::metrics::METRICS,
        loljoa_gateway::metrics::METRICS,
    ];
    let shared = [loljoa_service_kit::metrics::METRICS, &loljoa_service_kit::metrics::OF_PROCESS];
    services.into_iter().chain(shared).flatten()
}

#[tokio::test]
async fn every_family_has_a_help_and_a_type_and_no_label_that_a_scraper_sets() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    faker.cancel(bet.bet_id).await;
    let admin = app.system.addresses()[&Service::Gateway].admin;
    let text = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();

    let names = |mark: &str| -> BTreeSet<_> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(mark)?.split_once(' '));
        lines.filter(|(_, told)| !told.is_empty()).map(|(name, _)| name).collect()
    };
    let (helps, types) = (names("# HELP "), names("# TYPE "));
    assert_eq!(types.difference(&helps).collect::<Vec<_>>(), Vec::<&&str>::new(), "families without a help");
    for expected in [
        "loljoa_http_requests_total",
        "loljoa_grpc_request_duration_seconds",
        "loljoa_bets_total",
        "loljoa_bet_duration_seconds",
        "loljoa_build_info",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "loljoa_password_queue_depth",
        "loljoa_password_wait_seconds",
        "loljoa_db_pool_wait_seconds",
        "loljoa_db_connections_limit",
    ] {
        assert!(types.contains(expected), "{expected} is missing:\n{text}");
    }
    for line in text.lines().filter(|line| line.starts_with("loljoa_")) {
        let own = OF_THE_PROCESS.iter().any(|name| line.starts_with(name));
        assert!(own || line.contains(&format!("{SERVICE_LABEL}=\"")), "{line}");
        assert!(!line.contains("{service=") && !line.contains(",service="), "{line}");
    }
    for pool in ["requests", "workers", "background"] {
        let waits =
            format!("loljoa_db_pool_wait_seconds_count{{{SERVICE_LABEL}=\"betting\",pool=\"{pool}\"}}");
        assert!(text.contains(&waits), "{waits}:\n{text}");
    }
}

#[test]
fn whatever_the_code_records_is_described_and_stands_in_the_operators_book() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut recorded = BTreeSet::new();
    for service in ["account", "betting", "gateway", "league-schedule", "service-kit", "web"] {
        recorded_in(&crates.join(service).join("src"), &mut recorded);
    }
    assert!(recorded.len() > 40, "{recorded:?}");
    let described: BTreeSet<_> = described().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(recorded.difference(&described).collect::<Vec<_>>(), Vec::<&String>::new());
    let book = fs::read_to_string(crates.join("../docs/operations.md")).unwrap();
    let missing: Vec<_> = described.iter().filter(|name| !book.contains(&format!("`{name}"))).collect();
    assert_eq!(missing, Vec::<&String>::new(), "not in docs/operations.md");
}

/// The names that stand behind `counter!(`, `gauge!(` and `histogram!(`, or are passed on to one of them.
fn recorded_in(folder: &Path, recorded: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            recorded_in(&path, recorded);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            let code = fs::read_to_string(&path).unwrap();
            let words = code.split('"').filter(|word| word.starts_with("loljoa_"));
            let names = words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            recorded.extend(names.filter(|name| !NO_METRICS.contains(name)).map(ToOwned::to_owned));
        }
    }
}

/// What looks like a metric's name: a cookie, a prefix, the label, and a crate whose log is filtered.
const NO_METRICS: [&str; 4] = ["loljoa_refresh", "loljoa_", SERVICE_LABEL, "loljoa_betting"];
