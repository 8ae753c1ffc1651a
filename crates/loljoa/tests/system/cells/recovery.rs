//! A crash between the two commits, in every cell: a stake without its bet is given back, once, by the cell of its market.

use loljoa::system::{Part, Service};
use loljoa_proto::account::v1::{
    ApplyTransfersRequest, Transfer, TransferKind, TransferOutcome,
    ledger_service_client::LedgerServiceClient,
};
use loljoa_service_kit::{AccountId, BetId, IdempotencyKey, config::Upstream, grpc::client};
use serde_json::json;

use super::{Story, all_is_accounted_for, number};
use crate::support::{Bettor, api::Market, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stakes_without_bets_are_given_back_by_the_cell_of_their_market() {
    let story = Story::begin_with(|options| {
        let betting = options.overrides.get_mut(&Service::Betting).unwrap();
        betting["recovery"]["grace_ms"] = json!(300);
    })
    .await;
    for (cell, bettors) in (0..).zip(&story.bettors) {
        for game in &story.games {
            leave_a_stake(&story, cell, &bettors[0], &game.winner).await;
            // A bet that is whole stays.
            bettors[1].bet(&game.winner, "T1", 100).await;
        }
    }
    for bettors in &story.bettors {
        eventually("giving stakes back", async || (bettors[0].me().await.points == 1_500).then_some(()))
            .await;
    }
    for betting in &story.app.db.bettings {
        let tombstones = "SELECT count(*) FROM bets WHERE tombstone = 'abandoned'";
        assert_eq!(number(betting, tombstones).await, 2, "one of each ledger, for its own markets only");
        assert_eq!(number(betting, "SELECT count(*) FROM bets WHERE state = 'accepted'").await, 2);
        assert_eq!(number(betting, "SELECT count(*) FROM audit_findings").await, 0);
    }
    all_is_accounted_for(&story.app.db).await;
}

/// Takes a stake as a replica of betting does that dies before it records the bet.
async fn leave_a_stake(story: &Story, cell: u16, bettor: &Bettor, market: &Market) {
    let at = story.app.system.parts()[&Part { service: Service::Account, cell }].service;
    let upstream = Upstream::at(format!("http://{at}").parse().unwrap());
    let mut ledger = LedgerServiceClient::new(client::connect(&upstream).unwrap());
    let bet = BetId::of(AccountId(bettor.account_id), IdempotencyKey::fresh());
    let stake = Transfer {
        transfer_id: bet.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: bettor.account_id.to_string(),
        market_id: market.market_id.to_string(),
        bet_id: bet.to_string(),
        points: 400,
        fingerprint: vec![7; 32],
        closes_transfer_id: String::new(),
    };
    let answer = ledger.apply_transfers(ApplyTransfersRequest { transfers: vec![stake] }).await.unwrap();
    assert_eq!(answer.into_inner().outcomes().collect::<Vec<_>>(), [TransferOutcome::Applied]);
}
