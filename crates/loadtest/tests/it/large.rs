//! What takes a stack of its own: settling, listeners, and many bets, each as small as it can be.

use loljoa_loadtest::{
    results::{Found, Results, Run},
    scenario::Kind,
};

use crate::support::{USERS, run, text};

async fn results(arguments: &[&str]) -> Results {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("results.json");
    let users = USERS.to_string();
    let common = ["--against", "ours", "--users", &users, "--warm-up", "0", "--json", json.to_str().unwrap()];
    let output = run(&[&["run"], arguments, &common].concat()).await;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    Results::read(&json).unwrap()
}

async fn only(arguments: &[&str]) -> Run {
    let Results { runs, .. } = results(arguments).await;
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!(run.failures(), Vec::<String>::new());
    run.clone()
}

#[tokio::test]
async fn a_market_with_many_bets_is_paid_before_it_counts_as_settled() {
    let run = only(&["settle", "--bets", "2500"]).await;
    assert_eq!((run.scenario, run.accepted, run.connections), (Kind::Settle, 2_500, 0));
    let looked_at = run.audit.as_ref().unwrap().looked_at.clone();
    // A stake and a payout or a loss of each bet, beside what each user was given.
    assert!(looked_at.contains(" 2500 bets"), "{looked_at}");
    assert!(run.seconds > 0.0 && run.wal_per_bet().unwrap() > 0.0, "{run:?}");
}

#[tokio::test]
async fn listeners_hear_of_every_bet() {
    // So few bets that a busy machine is not behind with them for longer than a load waits for its last answers.
    let load = ["--connections", "4", "--rate", "20", "--seconds", "2"];
    let run = only(&[&["stream", "--listeners", "150"][..], &load].concat()).await;
    let Some(Found::Stream(listening)) = run.found else { panic!("{run:?}") };
    assert_eq!(listening.listeners, 150);
    assert!(run.accepted > 0 && listening.updates > 150, "{run:?}");
    assert!(listening.lag.max_ms > 0.0 && listening.quiet_bytes > 0, "{listening:?}");
}

#[tokio::test]
async fn many_bets_come_on_one_market_after_the_other() {
    let run = only(&["long", "--bets", "200", "--connections", "4", "--seconds", "1"]).await;
    let Some(Found::Long(endurance)) = &run.found else { panic!("{run:?}") };
    let last = endurance.legs.last().unwrap();
    assert!(endurance.placed >= 200 && last.placed == endurance.placed, "{endurance:?}");
    assert_eq!(endurance.legs.iter().map(|leg| leg.accepted).sum::<u64>(), run.accepted);
    assert!(endurance.after.start_seconds > 0.0 && endurance.after.audit_seconds > 0.0, "{endurance:?}");
    assert!(last.memory_bytes.contains_key("postgres"), "{last:?}");
}

#[tokio::test]
async fn spans_arrive_as_traces_are_kept_and_not_otherwise() {
    let run = only(&["traces", "--connections", "4", "--seconds", "1"]).await;
    let Some(Found::Traces(traces)) = &run.found else { panic!("{run:?}") };
    let shares: Vec<_> = traces.legs.iter().map(|leg| leg.share).collect();
    assert_eq!(shares, [None, Some(0.01), Some(1.0)].repeat(3));
    assert_eq!(traces.legs.iter().map(|leg| leg.accepted).sum::<u64>(), run.accepted);
    for leg in &traces.legs {
        // Whatever else the lab runs may tell of a step of its own.
        let is_told = leg.spans_per_bet() > 1.0;
        assert_eq!(is_told, leg.share == Some(1.0), "{leg:?}");
    }
}

#[tokio::test]
async fn a_season_is_compared_with_an_answer_that_asks_nobody() {
    let results = results(&["season", "bare", "--connections", "8", "--seconds", "1"]).await;
    let kinds: Vec<_> = results.runs.iter().map(|run| run.scenario).collect();
    assert_eq!(kinds, [Kind::Season, Kind::Bare]);
    let [season, bare] = results.runs.as_slice() else { panic!("{results:?}") };
    assert!(bare.requests > season.requests && bare.accepted == 0, "{results:?}");
    assert_eq!(bare.failures(), Vec::<String>::new());
    // Whoever asks nobody costs nothing behind the gateway.
    let cpu = &bare.cost.as_ref().unwrap().cpu_seconds;
    assert!(cpu["gateway"] > cpu["betting"], "{cpu:?}");
}

#[tokio::test]
async fn what_only_the_lab_can_look_at_is_not_measured_elsewhere() {
    for scenario in ["bare", "overload", "settle", "stream", "long", "traces"] {
        let output = run(&["target", "http://127.0.0.1:9", scenario]).await;
        assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(scenario), "{}", text(&output.stderr));
    }
}
