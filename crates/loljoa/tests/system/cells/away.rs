//! A ledger that is away: its own accounts wait, the others do not notice.

use futures::future::join_all;
use loljoa::system::{Part, Service};
use loljoa_service_kit::ids;
use serde_json::Value;

use super::{Story, all_is_accounted_for};
use crate::support::{
    Bettor,
    api::{Bet, Market},
    eventually,
};

const SECOND: Part = Part { service: Service::Account, cell: 1 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bets_of_a_ledger_that_is_away_fail_alone_and_settlement_goes_on_when_it_is_back() {
    let mut story = Story::begin_with(|options| {
        let betting = options.overrides.get_mut(&Service::Betting).unwrap();
        betting["account"] = serde_json::json!({ "timeout_ms": 2_000 });
    })
    .await;
    for (bettor, key) in story.bettors.iter().flatten().zip(["T1", "GEN", "GEN", "T1"]) {
        bettor.bet(&story.games[0].winner, key, 200).await;
    }
    let voided = &story.games[0].score;
    for bettor in story.everybody() {
        bettor.bet(voided, "2-0", 100).await;
    }
    story.app.system.kill_part(SECOND).await;

    let keys: Vec<_> = story.everybody().map(|_| ids::fresh()).collect();
    let answers = join_all(
        story
            .everybody()
            .zip(&keys)
            .map(|(bettor, key)| bettor.try_bet(*key, &story.games[1].winner, "T1", 100)),
    )
    .await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses[..2], [201, 201], "{answers:?}");
    assert!(statuses[2..].iter().all(|status| *status == 503), "{answers:?}");

    // What needs both ledgers waits; whom the first owes gets it.
    story.cup.admin().void(voided.market_id).await.ok::<Value>();
    let [[one, two], _] = &story.bettors;
    for bettor in [one, two] {
        eventually("giving stakes back", async || (bettor.me().await.points == 1_200).then_some(())).await;
    }
    assert_eq!(story.cup.look(voided).await.state, "voiding");
    let winner = &story.games[0].winner;
    story.cup.admin().lock(winner.market_id).await.ok::<Market>();
    story.cup.admin().settle(winner.market_id, winner.outcome("T1").outcome_id).await.ok::<Market>();
    assert_ne!(story.cup.look(winner).await.state, "settled");

    story.app.system.start_part_again(SECOND).await.unwrap();
    story.cup.until(voided, "void").await;
    story.cup.until(winner, "settled").await;
    for (bettor, key) in story.everybody().zip(&keys) {
        let again = bettor.try_bet(*key, &story.games[1].winner, "T1", 100).await;
        assert_eq!(again.ok::<Bet>().state, "accepted", "the same key completes it");
    }
    let points: Vec<_> = join_all(story.everybody().map(Bettor::me)).await;
    let points: Vec<_> = points.into_iter().map(|me| me.points).collect();
    assert_eq!(points, [1_600, 1_200, 1_200, 1_600]);
    all_is_accounted_for(&story.app.db).await;
}
