//! The ten promises, one function for each, checked on whatever a story has left in the databases.

mod audit;
mod books;
mod ledger;
mod locks;
mod markets;

pub(crate) use audit::audit;
pub(crate) use books::Books;
pub(crate) use ledger::Sampler;
pub(crate) use markets::promise_4_one_key_has_one_effect as one_key_has_one_effect;

use crate::support::{TestDatabases, eventually};

/// Waits until nothing is under way and checks every promise.
pub(crate) async fn all_hold(db: &TestDatabases) -> Books {
    let books = quiet(db).await;
    ledger::promise_1_balances_sum_to_zero(&books);
    ledger::promise_2_transfers_never_change(&books, db).await;
    ledger::promise_3_no_balance_is_ever_below_zero(&books, db).await;
    one_key_has_one_effect(&books);
    ledger::promise_5_a_stake_is_taken_once_and_returned_once(&books);
    markets::promise_6_payouts_equal_the_pool(&books);
    markets::promise_7_a_void_returns_each_stake(&books);
    markets::promise_8_all_is_rebuilt_from_transfers_and_bets(&books);
    markets::promise_9_both_sides_reached_one_state(&books);
    locks::promise_10_a_bet_stands_that_came_before_every_lock(&books);
    audit::audit_finds_no_difference(db).await;
    books
}

/// The books when betting owes nothing, closes no market, and every stake, taken or refused for good, has its bet.
///
/// The two databases share no snapshot. Once no stake is without its bet, nothing new is to come; once betting is at rest after
/// that, what it gave back meanwhile is in the ledger too. What is read then is final.
async fn quiet(db: &TestDatabases) -> Books {
    eventually("coming to rest", async || {
        if !at_rest(db).await || !is_whole(&Books::read(db).await) || !at_rest(db).await {
            return None;
        }
        let books = Books::read(db).await;
        is_whole(&books).then_some(books)
    })
    .await
}

/// Whether betting has nothing under way.
pub(crate) async fn at_rest(db: &TestDatabases) -> bool {
    let at_rest = "SELECT NOT EXISTS (SELECT FROM owed_bets)
        AND NOT EXISTS (SELECT FROM markets WHERE state IN ('settling', 'voiding'))
        AND NOT EXISTS (SELECT FROM markets WHERE state = 'locked' AND decided_outcome_id IS NOT NULL)
        AND NOT EXISTS (SELECT FROM late_refunds) AND NOT EXISTS (SELECT FROM corrections WHERE done_at IS NULL)";
    sqlx::query_scalar(at_rest).fetch_one(&db.betting).await.unwrap()
}

/// Whether every stake has its bet.
fn is_whole(books: &Books) -> bool {
    let stakes = books.transfers.iter().filter(|transfer| transfer.is_stake()).count();
    books.owed == 0 && stakes + books.refused.len() == books.bets.len()
}
