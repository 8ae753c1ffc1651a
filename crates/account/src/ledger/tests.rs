//! Rushes, and rows that somebody holds.

use std::{collections::HashSet, time::Duration};

use futures::{
    FutureExt, StreamExt, poll,
    stream::{FuturesOrdered, FuturesUnordered},
};
use loljoa_service_kit::{AccountId, BetId, Caller, ErrorCode, MarketId, Points, caller, ids, postgres};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    domain::{grant, transfer::Kind},
    store::transfers,
};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_mins(1);
const FULL_BATCH: usize = 2_000;

/// A ledger at work.
struct Desk {
    ledger: Handle,
    _workers: JoinSet<()>,
}

impl Desk {
    fn open(pool: &PgPool, config: &Config) -> Self {
        let (ledger, workers) = new(config, pool);
        let mut tasks = JoinSet::new();
        for worker in workers {
            tasks.spawn(worker.run());
        }
        Self { ledger, _workers: tasks }
    }

    async fn apply(&self, transfers: Vec<Transfer>) -> HashSet<Outcome> {
        let applied = time::timeout(PATIENCE, self.ledger.apply(transfers)).await;
        applied.expect("nobody waits for another class").unwrap().into_iter().collect()
    }
}

fn config() -> Config {
    Config { workers: 1, patience_ms: 60_000, ..Config::default() }
}

async fn account(pool: &PgPool, name: &str, points: i64) -> AccountId {
    let account = AccountId::fresh();
    sqlx::query("INSERT INTO users VALUES ($1, $2, $2, '', 'user', now())")
        .bind(account)
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO user_balances VALUES ($1)").bind(account).execute(pool).await.unwrap();
    transfers::apply(pool, &[gift(account, points)], 0).await.unwrap();
    account
}

fn gift(account: AccountId, points: i64) -> Transfer {
    Transfer { id: ids::fresh().into(), points: Points(points), ..grant::signup(account) }
}

fn stake(account: AccountId, points: i64) -> Transfer {
    let bet = BetId(ids::fresh());
    Transfer {
        id: bet.stake_transfer(),
        kind: Kind::Stake,
        account,
        market: Some(MarketId::fresh()),
        bet: Some(bet),
        points: Points(points),
        fingerprint: vec![1],
        closes: None,
    }
}

fn lost(stake: &Transfer) -> BetResult {
    BetResult {
        bet: stake.bet.unwrap(),
        account: stake.account,
        market: stake.market.unwrap(),
        staked: stake.points,
        paid: Points::ZERO,
    }
}

/// A stranger who holds an account's row until the transaction ends.
async fn hold(pool: &PgPool, account: AccountId) -> Transaction<'static, Postgres> {
    let mut stranger = postgres::begin(pool).await.unwrap();
    sqlx::query("SELECT FROM user_balances WHERE account_id = $1 FOR UPDATE")
        .bind(account)
        .execute(&mut *stranger)
        .await
        .unwrap();
    stranger
}

async fn until_blocked(pool: &PgPool) {
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let blocked = async {
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(pool).await.unwrap() {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, blocked).await.expect("somebody waits for the row");
}

#[sqlx::test]
async fn a_class_that_is_stuck_holds_up_no_other(pool: PgPool) {
    let desk = Desk::open(&pool, &config());
    let (faker, keria) = (account(&pool, "faker", 1_000).await, account(&pool, "keria", 1_000).await);
    let applied = HashSet::from([Outcome::Applied]);
    let (first, second) = (stake(keria, 10), stake(keria, 10));
    assert_eq!(desk.apply(vec![first.clone(), second.clone()]).await, applied);

    let stranger = hold(&pool, faker).await;
    let stuck = tokio::spawn({
        let ledger = desk.ledger.clone();
        async move { ledger.apply(vec![gift(faker, 1)]).await }
    });
    until_blocked(&pool).await;
    assert_eq!(desk.apply(vec![stake(keria, 10)]).await, applied, "payments are stuck, bets are not");
    let recorded = time::timeout(PATIENCE, desk.ledger.record(&[lost(&first)])).await.unwrap().unwrap();
    assert_eq!(recorded.new, 1);
    stranger.rollback().await.unwrap();
    assert_eq!(stuck.await.unwrap().unwrap(), [Outcome::Applied]);

    let stranger = hold(&pool, faker).await;
    let stuck = tokio::spawn({
        let ledger = desk.ledger.clone();
        async move { ledger.apply(vec![stake(faker, 1)]).await }
    });
    until_blocked(&pool).await;
    assert_eq!(desk.apply(vec![gift(keria, 10)]).await, applied, "bets are stuck, payments are not");
    let recorded = time::timeout(PATIENCE, desk.ledger.record(&[lost(&second)])).await.unwrap().unwrap();
    assert_eq!(recorded.new, 1);
    stranger.rollback().await.unwrap();
    assert_eq!(stuck.await.unwrap().unwrap(), [Outcome::Applied]);
}

#[sqlx::test]
async fn full_batches_of_many_replicas_wait_and_are_all_served(pool: PgPool) {
    const REPLICAS: usize = 12;
    let desk = Desk::open(&pool, &config());
    let faker = account(&pool, "faker", 1_000_000).await;
    let stranger = hold(&pool, faker).await;
    let batch = || (0..FULL_BATCH).map(|_| stake(faker, 10)).collect::<Vec<_>>();
    let mut calls: FuturesUnordered<_> = (0..REPLICAS).map(|_| desk.ledger.apply(batch()).boxed()).collect();
    assert!(poll!(calls.next()).is_pending(), "none is refused, although not all fit");
    stranger.rollback().await.unwrap();
    let all = time::timeout(PATIENCE, calls.collect::<Vec<_>>()).await.unwrap();
    let outcomes: Vec<_> = all.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(outcomes.len(), REPLICAS * FULL_BATCH);
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
}

#[sqlx::test]
async fn who_waits_too_long_or_behind_too_many_is_told_to_come_again(pool: PgPool) {
    let config = Config { queue_capacity: 5_000, patience_ms: 50, ..config() };
    let desk = Desk::open(&pool, &config);
    let faker = account(&pool, "faker", 1_000_000).await;
    let stranger = hold(&pool, faker).await;
    let batch = || (0..5_000).map(|_| stake(faker, 10)).collect::<Vec<_>>();
    // One is being applied, two wait: as many as may.
    let mut calls: FuturesOrdered<_> = (0..3).map(|_| desk.ledger.apply(batch()).boxed()).collect();
    assert!(poll!(calls.next()).is_pending());
    let one_more = desk.ledger.apply(vec![stake(faker, 10)]).now_or_never();
    let refused = one_more.expect("it does not even wait").unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Exhausted, "ledger_queue_full"));
    assert!(refused.retry_after.is_some());

    let first = calls.next();
    time::sleep(Duration::from_millis(config.patience_ms + 1)).await;
    stranger.rollback().await.unwrap();
    assert!(first.await.unwrap().is_ok());
    for waited in calls.collect::<Vec<_>>().await {
        assert_eq!(waited.unwrap_err().reason, "ledger_queue_full");
    }
}

#[sqlx::test]
async fn what_waits_for_nobody_any_more_is_not_applied(pool: PgPool) {
    let desk = Desk::open(&pool, &config());
    let (faker, keria) = (account(&pool, "faker", 1_000).await, account(&pool, "keria", 1_000).await);
    let stranger = hold(&pool, faker).await;
    let ahead = tokio::spawn({
        let ledger = desk.ledger.clone();
        async move { ledger.apply(vec![stake(faker, 1)]).await }
    });
    until_blocked(&pool).await;
    let gone = CancellationToken::new();
    let callers = [
        Caller::waiting(PATIENCE, gone.clone()),
        Caller::waiting(Duration::ZERO, CancellationToken::new()),
        Caller::waiting(PATIENCE, CancellationToken::new()),
    ];
    let stakes = [stake(keria, 1), stake(keria, 10), stake(keria, 100)];
    let queued = callers.into_iter().zip(&stakes);
    let queued = queued.map(|(caller, stake)| caller.scope(desk.ledger.apply(vec![stake.clone()])).boxed());
    let mut queued: FuturesOrdered<_> = queued.collect();
    assert!(poll!(queued.next()).is_pending(), "they wait behind the held row");

    gone.cancel();
    stranger.rollback().await.unwrap();
    let outcomes: Vec<_> = time::timeout(PATIENCE, queued.collect()).await.unwrap();
    assert_eq!(ahead.await.unwrap().unwrap(), [Outcome::Applied], "what was begun is finished");
    let [gone, late, waiting] = &outcomes[..] else { panic!("there are three") };
    for dropped in [gone, late] {
        assert_eq!(dropped.as_ref().unwrap_err().code, ErrorCode::Unavailable);
    }
    assert_eq!(waiting.as_ref().unwrap(), &[Outcome::Applied]);
    let taken: Vec<i64> =
        sqlx::query_scalar("SELECT points FROM transfers WHERE kind = 'stake' ORDER BY points")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(taken, [1, 100], "the stake of whoever was ahead, and of whoever still waits");
}

#[sqlx::test]
async fn a_call_that_is_dropped_in_its_middle_is_not_told_that_nothing_was_done(pool: PgPool) {
    let desk = Desk::open(&pool, &config());
    let faker = account(&pool, "faker", 5_000).await;
    let stranger = hold(&pool, faker).await;
    let gone = CancellationToken::new();
    let great = (0..=FULL_BATCH).map(|_| stake(faker, 1)).collect();
    let great = tokio::spawn({
        let (ledger, caller) = (desk.ledger.clone(), Caller::waiting(PATIENCE, gone.clone()));
        caller.scope(async move { ledger.apply(great).await })
    });
    until_blocked(&pool).await;
    gone.cancel();
    stranger.rollback().await.unwrap();
    let error = time::timeout(PATIENCE, great).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error, caller::gone_midway(), "the first piece was under way");
    let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM transfers WHERE kind = 'stake'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(taken, i64::try_from(FULL_BATCH).unwrap());
}

#[sqlx::test]
async fn a_great_call_takes_several_commits_and_keeps_its_order(pool: PgPool) {
    let desk = Desk::open(&pool, &config());
    let faker = account(&pool, "faker", 3_000).await;
    let outcomes = desk.ledger.apply((0..5_000).map(|_| stake(faker, 1)).collect()).await.unwrap();
    assert_eq!(outcomes[..3_000], [Outcome::Applied; 3_000]);
    assert_eq!(outcomes[3_000..], [Outcome::InsufficientPoints; 2_000]);
    let largest: i64 =
        sqlx::query_scalar("SELECT count(*) FROM transfers GROUP BY xid ORDER BY 1 DESC LIMIT 1")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(largest, 2_000);
}
