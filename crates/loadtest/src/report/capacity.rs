//! What a number of bets a second takes, and costs: a model whose coefficients were measured. It is linear, and says so: what the
//! measurement had no share of, such as a network between machines, is not in it.

use std::fmt::Write as _;

use crate::{
    measure::POSTGRES,
    results::{Against, Results, Run, count},
    scenario::Kind,
};

/// How much of a core is planned for: the rest is for peaks, and for a node that is lost.
const USED: f64 = 0.6;
/// Cores of one node, of a service's or of a database's.
const CORES: f64 = 16.0;
/// What an hour of these costs in US dollars: the list price of Seoul (ap-northeast-2) as it was remembered in November 2026. To be
/// checked before anybody relies on it.
const PRICES: [(&str, f64); 4] = [
    ("c7g.4xlarge, a node of services", 0.65),
    ("r7g.4xlarge, a node of a database", 1.03),
    ("EKS control plane", 0.10),
    ("gp3, 1 TB with 16,000 IOPS and 1,000 MB/s", 0.33),
];
/// Volumes of a database's node: its data, and its log.
const VOLUMES: f64 = 2.0;
/// What one database is given here.
const BYTES_OF_A_VOLUME: f64 = 1e12;

/// What one bet takes, as it was measured.
struct Bet {
    gateway: f64,
    betting: f64,
    account: f64,
    /// PostgreSQL for betting, and for account, each with its share of what runs beside the backends. Microseconds.
    databases: [f64; 2],
    wal: f64,
    stored: f64,
}

impl Bet {
    fn of(run: &Run) -> Option<Self> {
        let cost = run.cost.as_ref()?;
        let micros = |seconds: f64| seconds * 1e6 / count(run.accepted);
        let backends = |service: &str| cost.backend_seconds.get(service).copied();
        let (betting, account) = (backends("betting")?, backends("account")?);
        let beside = (cost.cpu_seconds.get(POSTGRES)? - betting - account).max(0.0);
        let share = |own: f64| micros(own + beside * own / (betting + account));
        Some(Self {
            gateway: run.cpu_per_bet("gateway")?,
            betting: run.cpu_per_bet("betting")?,
            account: run.cpu_per_bet("account")?,
            databases: [share(betting), share(account)],
            wal: run.wal_per_bet()?,
            stored: count(cost.stored_bytes.values().sum()) / count(run.accepted),
        })
    }
}

/// Ours, betting on many markets: of the most cells.
fn measured(results: &Results) -> Option<&Run> {
    let ours = |run: &&Run| run.scenario == Kind::Markets && run.against == Some(Against::Ours);
    let sound = |run: &&Run| run.failures().is_empty() && run.accepted > 0;
    results.runs.iter().filter(ours).filter(sound).max_by_key(|run| run.replicas.cells)
}

/// The section of a document; none without a run to go by.
#[must_use]
pub fn section(results: &Results, bets: u64) -> Option<String> {
    let run = measured(results)?;
    let bet = Bet::of(run)?;
    let mut told = String::new();
    runs(&mut told, results);
    model(&mut told, run, &bet, count(bets));
    hot(&mut told, results);
    Some(told)
}

/// The bound of a single market: its batches are recorded one after the other, whoever else there is.
fn hot(told: &mut String, results: &Results) {
    let ours = |run: &&Run| run.scenario == Kind::HotMarket && run.against == Some(Against::Ours);
    let run = results.runs.iter().filter(ours).min_by_key(|run| run.replicas.cells);
    let Some([betting, _]) = run.and_then(Bet::of).map(|bet| bet.databases) else { return };
    line(told, "");
    line(
        told,
        &format!(
            "One hot market: {betting:.0} µs of its database a bet, one batch after the other, so {:.0} bets/s at most of one such core, \
            however many cells there are.",
            1e6 / betting,
        ),
    );
}

fn runs(told: &mut String, results: &Results) {
    line(
        told,
        "| measured | bets/s | p99 ms | gateway | betting | account | PostgreSQL for betting, account | all | WAL | stored | connections |",
    );
    line(told, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for run in results.runs.iter().filter(|run| run.against == Some(Against::Ours)) {
        let (Some(bet), Some(cost)) = (Bet::of(run), &run.cost) else { continue };
        let [betting, account] = bet.databases;
        line(
            told,
            &format!(
                "| {}, {} | {:.0} | {:.0} | {:.0} µs | {:.0} µs | {:.0} µs | {betting:.0} µs, {account:.0} µs | {:.0} µs | {:.0} B | {:.0} B | {} |",
                run.scenario.name(),
                if run.replicas.cells == 1 {
                    "1 cell".to_owned()
                } else {
                    format!("{} cells", run.replicas.cells)
                },
                run.accepted_per_second(),
                run.latency.p99_ms,
                bet.gateway,
                bet.betting,
                bet.account,
                run.cpu_per_bet_in_all().unwrap_or_default(),
                bet.wal,
                bet.stored,
                cost.connections,
            ),
        );
    }
    line(told, "");
    let machine = &results.machine;
    line(
        told,
        &format!(
            "On {} cores ({}), PostgreSQL {}, revision {}, everything and whoever asks on one machine; each run was audited over all cells.",
            machine.cores, machine.processor, machine.postgres, results.revision,
        ),
    );
    line(told, "");
}

fn model(told: &mut String, run: &Run, bet: &Bet, bets: f64) {
    let cores = |micros: f64| bets * micros / 1e6 / USED;
    let nodes = |micros: f64| (cores(micros) / CORES).ceil();
    let [betting_database, account_database] = bet.databases;
    let services = [("gateway", bet.gateway), ("betting", bet.betting), ("account", bet.account)];
    let databases = [("database of betting", betting_database), ("database of account", account_database)];
    line(
        told,
        &format!(
            "| {bets:.0} bets/s, by `markets` with {} cells | µs a bet | cores | nodes of {CORES:.0} |",
            run.replicas.cells
        ),
    );
    line(told, "| --- | --- | --- | --- |");
    for (what, micros) in services.iter().chain(&databases) {
        let (cores, nodes) = (cores(*micros), nodes(*micros));
        line(told, &format!("| {what} | {micros:.0} | {cores:.0} | {nodes:.0} |"));
    }
    let of = |parts: &[(&str, f64)]| parts.iter().map(|(_, micros)| nodes(*micros)).sum::<f64>();
    let (services, databases) = (of(&services), of(&databases));
    let [service, database, plane, volume] = PRICES.map(|(_, dollars)| dollars);
    let hour = services * service + databases * (database + VOLUMES * volume) + plane;
    line(told, "");
    line(
        told,
        &format!(
            "Cells: {:.0} of betting and {:.0} of account, where a node has one database. Log: {:.0} MB/s in all. Disk: {:.1} TB an hour; a volume of 1 TB is full after {:.1} hours.",
            nodes(betting_database),
            nodes(account_database),
            bets * bet.wal / 1e6,
            bets * bet.stored * 3_600.0 / 1e12,
            databases * BYTES_OF_A_VOLUME / (bets * bet.stored * 3_600.0),
        ),
    );
    line(told, "");
    line(
        told,
        &format!(
            "On EKS: {services:.0} nodes of services and {databases:.0} of databases, {hour:.0} US$ an hour, {:.0} US$ a month of 730 hours.",
            hour * 730.0
        ),
    );
    line(told, "");
    for (what, dollars) in PRICES {
        line(told, &format!("- {what}: {dollars:.2} US$ an hour"));
    }
}

fn line(told: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(told, "{line}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::{Cost, Replicas, fixtures};

    fn results() -> Results {
        let mut results = fixtures::results();
        let hot = results.runs.iter().find(|run| run.against == Some(Against::Ours)).unwrap().clone();
        let cost = Cost {
            cpu_seconds: [("gateway", 3.0), ("betting", 1.0), ("account", 1.0), ("postgres", 6.0)]
                .map(|(name, seconds)| (name.to_owned(), seconds))
                .into(),
            backend_seconds: BTreeMap::from([("betting".to_owned(), 3.0), ("account".to_owned(), 1.0)]),
            stored_bytes: BTreeMap::from([
                ("betting".to_owned(), 50_000_000),
                ("account".to_owned(), 50_000_000),
            ]),
            wal_bytes: 100_000_000,
            ..Cost::default()
        };
        let replicas = Replicas { cells: 2, ..Replicas::ONE };
        let run = Run { scenario: Kind::Markets, accepted: 100_000, cost: Some(cost), replicas, ..hot };
        results.runs = vec![run];
        results
    }

    #[test]
    fn what_a_rate_takes_follows_from_what_a_bet_takes() {
        let told = section(&results(), 1_000_000).unwrap();
        // 30 µs a bet are 30 cores at that rate, and 50 where a core is used for 0.6.
        assert!(told.contains("| gateway | 30 | 50 | 4 |"), "{told}");
        // 3 of 4 parts of the 60 µs that PostgreSQL takes.
        assert!(told.contains("| database of betting | 45 | 75 | 5 |"), "{told}");
        assert!(told.contains("Cells: 5 of betting and 2 of account"), "{told}");
        assert!(told.contains("Log: 1000 MB/s in all. Disk: 3.6 TB an hour"), "{told}");
    }

    #[test]
    fn without_a_sound_run_there_is_nothing_to_tell() {
        let mut results = results();
        results.runs[0].errors.insert("500".into(), 1);
        assert_eq!(section(&results, 1_000), None);
    }
}
