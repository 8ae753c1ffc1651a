//! Promises that account's database keeps.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use loljoa_service_kit::BetId;
use sqlx::{PgPool, error::ErrorKind};
use tokio::{task::JoinHandle, time};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::Books;
use crate::support::TestDatabases;

const SUM: &str = "SELECT ((SELECT coalesce(sum(balance), 0) FROM user_balances)
    + (SELECT coalesce(sum(balance), 0) FROM system_balances))::bigint";

/// All stored balances sum to zero, and each transfer moves a positive number of points between two accounts.
pub(super) fn promise_1_balances_sum_to_zero(books: &Books) {
    let users: i64 = books.users.iter().map(|user| user.balance).sum();
    let system: i64 = books.system.values().sum();
    assert_eq!(users + system, 0);
    for transfer in &books.transfers {
        assert!(transfer.points > 0 && transfer.debit_id != transfer.credit_id, "{transfer:?}");
    }
}

/// The database refuses to change or delete a transfer; whatever closes or corrects names what it closes.
pub(super) async fn promise_2_transfers_never_change(books: &Books, db: &TestDatabases) {
    for change in ["UPDATE transfers SET points = points + 1", "DELETE FROM transfers", "TRUNCATE transfers"]
    {
        let error = sqlx::query(change).execute(&db.account).await.unwrap_err();
        let code = error.as_database_error().unwrap().code();
        assert_eq!(code.as_deref(), Some("23001"), "{change}: {error}");
    }
    let stakes: HashSet<Uuid> = books
        .transfers
        .iter()
        .filter(|transfer| transfer.is_stake())
        .map(|stake| stake.transfer_id)
        .collect();
    for transfer in &books.transfers {
        match transfer.closes_transfer_id {
            Some(stake) => assert!(stakes.contains(&stake), "{transfer:?} names no stake"),
            None => assert!(!transfer.is_closing() && transfer.kind != "correction", "{transfer:?}"),
        }
    }
}

/// No account was below zero after any of its transfers, and the database refuses it from whoever asks.
pub(super) async fn promise_3_no_balance_is_ever_below_zero(books: &Books, db: &TestDatabases) {
    let users: HashSet<Uuid> = books.users.iter().map(|user| user.account_id).collect();
    let mut running: HashMap<Uuid, i64> = HashMap::new();
    for transfer in &books.transfers {
        for (id, change) in [(transfer.debit_id, -transfer.points), (transfer.credit_id, transfer.points)] {
            let balance = running.entry(id).or_default();
            *balance += change;
            assert!(!users.contains(&id) || *balance >= 0, "{id} had {balance} after {transfer:?}");
        }
    }
    let error = sqlx::query("UPDATE user_balances SET balance = -1").execute(&db.account).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().kind(), ErrorKind::CheckViolation);
}

/// Each bet has one stake and, once it is closed with points to return, one closing of just these points. A bet that is
/// given back and whose stake is refused for good has neither.
pub(super) fn promise_5_a_stake_is_taken_once_and_returned_once(books: &Books) {
    let stakes = books.by_bet(super::books::Transfer::is_stake);
    let closings = books.by_bet(super::books::Transfer::is_closing);
    for bet in &books.bets {
        let is_refused = books.refused.contains(&BetId(bet.bet_id).stake_transfer().0);
        if is_refused && bet.returned == bet.stake && bet.state != "won" {
            assert!(!stakes.contains_key(&bet.bet_id) && !closings.contains_key(&bet.bet_id), "{bet:?}");
            continue;
        }
        let [stake] = stakes.get(&bet.bet_id).map_or(&[][..], Vec::as_slice) else {
            panic!("{bet:?} has not one stake: {:?}", stakes.get(&bet.bet_id));
        };
        assert_eq!(
            (stake.account_id, stake.market_id, stake.points),
            (bet.account_id, Some(bet.market_id), bet.stake)
        );
        let returned: Vec<_> =
            closings.get(&bet.bet_id).into_iter().flatten().map(|closing| closing.points).collect();
        let expected: Vec<_> = (bet.returned > 0).then_some(bet.returned).into_iter().collect();
        assert_eq!(returned, expected, "{bet:?}");
    }
    let bets: HashSet<_> = books.bets.iter().map(|bet| bet.bet_id).collect();
    assert!(stakes.keys().chain(closings.keys()).all(|bet_id| bets.contains(bet_id)), "points without a bet");
}

/// Adds all balances up again and again while a story runs: the sum is zero at every commit, not only in the end.
pub(crate) struct Sampler {
    task: AbortOnDropHandle<()>,
    enough: tokio_util::sync::CancellationToken,
}

impl Sampler {
    pub(crate) fn start(db: &TestDatabases) -> Self {
        let enough = tokio_util::sync::CancellationToken::new();
        let task: JoinHandle<()> = tokio::spawn(sample(db.account.clone(), enough.clone()));
        Self { task: AbortOnDropHandle::new(task), enough }
    }

    /// Ends it. Fails when any sum was not zero.
    pub(crate) async fn stop(self) {
        self.enough.cancel();
        self.task.await.unwrap();
    }
}

async fn sample(pool: PgPool, enough: tokio_util::sync::CancellationToken) {
    while !enough.is_cancelled() {
        let sum: i64 = sqlx::query_scalar(SUM).fetch_one(&pool).await.unwrap();
        assert_eq!(sum, 0, "all balances sum to zero at every commit");
        time::sleep(Duration::from_millis(5)).await;
    }
}
