//! `tombstone_stakes` and `record_bets` against a model that decides one stake after another.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::PgPool;
use uuid::Uuid;

const ROUNDS: usize = 32;
const IDS: u8 = 12;

/// One call with stakes: the bets' ids, and whether it records them or gives them up. An id stands for one bet whenever it
/// comes: its account, market and points follow from it.
#[derive(Clone, Debug)]
struct Call {
    gives_up: bool,
    ids: Vec<u8>,
    /// Whether the odd market is locked from now on.
    locks: bool,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let ids = vec(0..IDS, 1..8).prop_map(|mut ids| {
        ids.sort_unstable();
        ids.dedup();
        ids
    });
    let call = (any::<bool>(), ids.prop_shuffle(), prop::bool::weighted(0.2));
    vec(call.prop_map(|(gives_up, ids, locks)| Call { gives_up, ids, locks }), 1..10)
}

fn id(round: usize, kind: u128, n: u8) -> Uuid {
    Uuid::from_u128((round as u128) << 64 | kind << 32 | u128::from(n))
}

const BET: u128 = 1;
const MARKET: u128 = 2;
const OUTCOME: u128 = 3;
const ACCOUNT: u128 = 4;

/// Two markets are there; a stake can also name one that never was.
const fn market_of(bet: u8) -> u8 {
    bet % 3
}

fn stake_of(bet: u8) -> i64 {
    100 + i64::from(bet)
}

/// Where a bet stands, and why it never stood.
type Fate = (String, Option<String>);

#[derive(Default)]
struct Model {
    fates: BTreeMap<u8, Fate>,
    locked: bool,
}

impl Model {
    fn is_open(&self, market: u8) -> bool {
        market == 0 || (market == 1 && !self.locked)
    }

    /// Answers how many were new.
    fn call(&mut self, call: &Call) -> i64 {
        self.locked |= call.locks;
        let mut new = 0;
        for bet in &call.ids {
            let open = self.is_open(market_of(*bet));
            let tombstone = |why: &str| ("refunded".to_owned(), Some(why.to_owned()));
            let fate = match (call.gives_up, open) {
                (false, true) => ("accepted".to_owned(), None),
                (true, true) => tombstone("abandoned"),
                (_, false) => tombstone("market_locked"),
            };
            if let std::collections::btree_map::Entry::Vacant(place) = self.fates.entry(*bet) {
                place.insert(fate);
                new += 1;
            }
        }
        new
    }

    fn pool(&self, market: u8) -> i64 {
        let standing =
            self.fates.iter().filter(|(bet, fate)| market_of(**bet) == market && fate.0 == "accepted");
        standing.map(|(bet, _)| stake_of(*bet)).sum()
    }
}

async fn open_markets(pool: &PgPool, round: usize) {
    for market in 0..2 {
        for statement in [
            "INSERT INTO matches VALUES ($1, 1, 'scheduled', clock_timestamp() + interval '1 day')",
            "INSERT INTO markets (market_id, match_id, template, question_en, question_ko, lock_at)
             VALUES ($1, $1, 'custom', '', '', clock_timestamp() + interval '1 day')",
        ] {
            sqlx::query(statement).bind(id(round, MARKET, market)).execute(pool).await.unwrap();
        }
        sqlx::query(
            "INSERT INTO outcomes (outcome_id, market_id, ordinal, key, label_en, label_ko) VALUES ($1, $2, 0, '0', '', '')",
        )
        .bind(id(round, OUTCOME, market))
        .bind(id(round, MARKET, market))
        .execute(pool)
        .await
        .unwrap();
    }
}

async fn call(pool: &PgPool, round: usize, call: &Call) -> i64 {
    if call.locks {
        sqlx::query("UPDATE markets SET state = 'locked' WHERE market_id = $1 AND state = 'open'")
            .bind(id(round, MARKET, 1))
            .execute(pool)
            .await
            .unwrap();
    }
    let column =
        |kind, of: fn(u8) -> u8| call.ids.iter().map(|bet| id(round, kind, of(*bet))).collect::<Vec<_>>();
    let stakes: Vec<_> = call.ids.iter().map(|bet| stake_of(*bet)).collect();
    let fingerprints = vec![[7_u8; 32].to_vec(); call.ids.len()];
    let (bets, accounts, markets) =
        (column(BET, |bet| bet), column(ACCOUNT, |bet| bet % 4), column(MARKET, market_of));
    let before: i64 = sqlx::query_scalar("SELECT count(*) FROM bets").fetch_one(pool).await.unwrap();
    if call.gives_up {
        return sqlx::query_scalar("SELECT tombstone_stakes($1, $2, $3, $4, $5)")
            .bind(bets)
            .bind(accounts)
            .bind(markets)
            .bind(stakes)
            .bind(fingerprints)
            .fetch_one(pool)
            .await
            .unwrap();
    }
    sqlx::query("SELECT FROM record_bets($1, $2, $3, $4, $5, $6)")
        .bind(bets)
        .bind(accounts)
        .bind(markets)
        .bind(column(OUTCOME, market_of))
        .bind(stakes)
        .bind(fingerprints)
        .execute(pool)
        .await
        .unwrap();
    let after: i64 = sqlx::query_scalar("SELECT count(*) FROM bets").fetch_one(pool).await.unwrap();
    after - before
}

async fn assert_same(pool: &PgPool, round: usize, model: &Model) {
    for bet in 0..IDS {
        let found: Option<(String, Option<String>, i64, i64)> =
            sqlx::query_as("SELECT state, tombstone, stake, returned FROM bets WHERE bet_id = $1")
                .bind(id(round, BET, bet))
                .fetch_optional(pool)
                .await
                .unwrap();
        let owed: Vec<(String, i64, i64, Uuid)> =
            sqlx::query_as("SELECT kind, points, staked, account_id FROM owed WHERE bet_id = $1")
                .bind(id(round, BET, bet))
                .fetch_all(pool)
                .await
                .unwrap();
        let Some((state, tombstone)) = model.fates.get(&bet) else {
            assert_eq!((found, owed), (None, vec![]));
            continue;
        };
        let points = stake_of(bet);
        let returned = if tombstone.is_some() { points } else { 0 };
        assert_eq!(found, Some((state.clone(), tombstone.clone(), points, returned)));
        let refund = ("tombstone".to_owned(), points, points, id(round, ACCOUNT, bet % 4));
        assert_eq!(
            owed,
            tombstone.iter().map(|_| refund.clone()).collect::<Vec<_>>(),
            "one refund for a tombstone"
        );
    }
    for market in 0..2 {
        let found: i64 = sqlx::query_scalar("SELECT pool FROM markets WHERE market_id = $1")
            .bind(id(round, MARKET, market))
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(found, model.pool(market), "a stake that was given up is in no pool");
    }
}

#[sqlx::test]
async fn stakes_given_up_and_bets_recorded_come_to_what_one_after_another_comes_to(pool: PgPool) {
    let mut runner = TestRunner::new(Config::default());
    for round in 0..ROUNDS {
        let calls = calls().new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        open_markets(&pool, round).await;
        for each in &calls {
            assert_eq!(call(&pool, round, each).await, model.call(each), "{calls:?}");
            assert_same(&pool, round, &model).await;
        }
    }
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
}
