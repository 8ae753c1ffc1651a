//! The SQL functions against a model that does one bet after another.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::PgPool;
use uuid::Uuid;

const ROUNDS: usize = 24;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A batch of bets: account, outcome, stake. It is recorded as one that is known to be new, or as any other.
    Batch(bool, Vec<(u8, u8, i64)>),
    /// These bets so far are cancelled, at once.
    Cancel(Vec<prop::sample::Index>),
    /// Every bet from the nth on is refunded, as when the start moves to before it.
    Refund(prop::sample::Index),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let bet = (0..6_u8, 0..3_u8, prop_oneof![Just(100_i64), 100..1_000_i64]);
    let event = prop_oneof![
        3 => (any::<bool>(), vec(bet, 1..12)).prop_map(|(is_new, bets)| Event::Batch(is_new, bets)),
        2 => vec(any::<prop::sample::Index>(), 1..6).prop_map(Event::Cancel),
        1 => any::<prop::sample::Index>().prop_map(Event::Refund),
    ];
    vec(event, 1..12)
}

/// A bet of the model. Its place in the list is its sequence.
#[derive(Clone, Debug)]
struct ModelBet {
    id: Uuid,
    account: u8,
    outcome: u8,
    stake: i64,
    odds: i64,
    stands: bool,
    refunded: bool,
}

/// Pool, bettors and top bettor of an outcome.
type Sums = (i64, i64, Option<Uuid>, i64);

#[derive(Default)]
struct Model(Vec<ModelBet>);

impl Model {
    fn place(&mut self, id: Uuid, (account, outcome, stake): (u8, u8, i64)) {
        self.0.push(ModelBet { id, account, outcome, stake, odds: 0, stands: true, refunded: false });
        let standing = || self.0.iter().filter(|bet| bet.stands);
        let pool: i64 = standing().map(|bet| bet.stake).sum();
        let on_outcome: i64 = standing().filter(|bet| bet.outcome == outcome).map(|bet| bet.stake).sum();
        self.0.last_mut().unwrap().odds = pool * 100 / on_outcome;
    }

    fn sums(&self, outcome: u8) -> Sums {
        let mut held: BTreeMap<u8, (i64, usize)> = BTreeMap::new();
        for (seq, bet) in self.0.iter().enumerate().filter(|(_, bet)| bet.stands && bet.outcome == outcome) {
            held.entry(bet.account).or_insert((0, seq)).0 += bet.stake;
        }
        let top = held.iter().max_by_key(|(_, (stake, since))| (*stake, std::cmp::Reverse(*since)));
        let pool = held.values().map(|(stake, _)| stake).sum();
        let bettors = i64::try_from(held.len()).unwrap();
        (pool, bettors, top.map(|(account, _)| account_id(*account)), top.map_or(0, |(_, (stake, _))| *stake))
    }
}

pub(crate) fn account_id(n: u8) -> Uuid {
    Uuid::from_u128(0xA000 + u128::from(n))
}

pub(crate) fn outcome_id(round: usize, n: u8) -> Uuid {
    Uuid::from_u128((round as u128) << 32 | 0xC000 | u128::from(n))
}

pub(crate) fn market_id(round: usize) -> Uuid {
    Uuid::from_u128((round as u128) << 32 | 0xB000)
}

pub(crate) async fn open_market(pool: &PgPool, round: usize) {
    sqlx::query("INSERT INTO matches VALUES ($1, 1, 'scheduled', clock_timestamp() + interval '1 day')")
        .bind(market_id(round))
        .execute(pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO markets (market_id, match_id, template, question_en, question_ko, lock_at)
         VALUES ($1, $1, 'custom', '', '', clock_timestamp() + interval '1 day')",
    )
    .bind(market_id(round))
    .execute(pool)
    .await
    .unwrap();
    for n in 0..3 {
        sqlx::query(
            "INSERT INTO outcomes (outcome_id, market_id, ordinal, key, label_en, label_ko, floor_stake)
             VALUES ($1, $2, $3, $3::text, '', '', $4)",
        )
        .bind(outcome_id(round, n))
        .bind(market_id(round))
        .bind(i32::from(n))
        // Of an outcome that is older than its leaders, nothing is known yet.
        .bind(if round.is_multiple_of(3) { i64::MAX } else { 0 })
        .execute(pool)
        .await
        .unwrap();
    }
}

pub(crate) async fn record(pool: &PgPool, round: usize, ids: &[Uuid], bets: &[(u8, u8, i64)]) {
    let accounts: Vec<_> = bets.iter().map(|bet| account_id(bet.0)).collect();
    let outcomes: Vec<_> = bets.iter().map(|bet| outcome_id(round, bet.1)).collect();
    let stakes: Vec<_> = bets.iter().map(|bet| bet.2).collect();
    let answers: Vec<String> = sqlx::query_scalar("SELECT state FROM record_bets($1, $2, $3, $4, $5, $6)")
        .bind(ids)
        .bind(accounts)
        .bind(vec![market_id(round); ids.len()])
        .bind(outcomes)
        .bind(stakes)
        .bind(vec![[7_u8; 32].to_vec(); ids.len()])
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!(answers.len(), ids.len());
}

/// Records bets that are known to be new, and answers whether that could be done. The outcomes may be those of another round's market.
async fn record_new_on(
    pool: &PgPool,
    (round, outcomes): (usize, usize),
    ids: &[Uuid],
    bets: &[(u8, u8, i64)],
) -> Result<bool, sqlx::Error> {
    let mut sums = [0; 4];
    let mut sum = |place: usize, stake: i64| {
        sums[place] += stake;
        sums[place]
    };
    let market_sums: Vec<_> = bets.iter().map(|bet| sum(3, bet.2)).collect();
    let outcome_sums: Vec<_> = bets.iter().map(|bet| sum(usize::from(bet.1), bet.2)).collect();
    let answer: Option<(Vec<i64>, Vec<i64>)> =
        sqlx::query_as("SELECT sequences, odds FROM record_new_bets($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)")
            .bind([0, 1, 2].map(|n| outcome_id(outcomes, n)))
            .bind([market_id(round); 3])
            .bind(ids)
            .bind(bets.iter().map(|bet| account_id(bet.0)).collect::<Vec<_>>())
            .bind(bets.iter().map(|bet| i32::from(bet.1) + 1).collect::<Vec<_>>())
            .bind(bets.iter().map(|bet| bet.2).collect::<Vec<_>>())
            .bind(vec![[7_u8; 32].to_vec(); ids.len()])
            .bind(market_sums)
            .bind(outcome_sums)
            .fetch_optional(pool)
            .await?;
    let Some((sequences, odds)) = answer else { return Ok(false) };
    for (id, told) in ids.iter().zip(sequences.into_iter().zip(odds)) {
        let recorded: (i64, i64) =
            sqlx::query_as("SELECT seq, placed_odds_hundredths FROM bets WHERE bet_id = $1")
                .bind(id)
                .fetch_one(pool)
                .await?;
        assert_eq!(told, recorded);
    }
    Ok(true)
}

async fn record_new(
    pool: &PgPool,
    round: usize,
    ids: &[Uuid],
    bets: &[(u8, u8, i64)],
) -> Result<bool, sqlx::Error> {
    record_new_on(pool, (round, round), ids, bets).await
}

#[sqlx::test]
async fn what_is_not_new_or_may_not_stand_leaves_the_whole_call_undone(pool: PgPool) {
    let bets = [(0, 0, 100), (1, 1, 300)];
    let fresh = || [(); 2].map(|()| loljoa_service_kit::ids::fresh());
    open_market(&pool, 0).await;
    let there = fresh();
    assert!(record_new(&pool, 0, &there, &bets).await.unwrap());

    let again = record_new(&pool, 0, &[fresh()[0], there[0]], &bets).await.unwrap_err();
    assert!(again.as_database_error().unwrap().is_unique_violation(), "{again}");
    assert!(!record_new(&pool, 1, &fresh(), &bets).await.unwrap(), "there is no such market");
    open_market(&pool, 1).await;
    assert!(
        !record_new_on(&pool, (1, 0), &fresh(), &bets).await.unwrap(),
        "the outcomes are another market's"
    );
    sqlx::query("DELETE FROM outcomes WHERE outcome_id = $1")
        .bind(outcome_id(0, 2))
        .execute(&pool)
        .await
        .unwrap();
    assert!(!record_new(&pool, 0, &fresh(), &bets).await.unwrap(), "there is no such outcome");
    sqlx::query("INSERT INTO outcomes SELECT $1, $2, 2, 'C', '', ''")
        .bind(outcome_id(0, 2))
        .bind(market_id(0))
        .execute(&pool)
        .await
        .unwrap();
    assert!(record_new(&pool, 0, &fresh(), &bets).await.unwrap());
    sqlx::query("UPDATE markets SET lock_at = clock_timestamp()").execute(&pool).await.unwrap();
    assert!(!record_new(&pool, 0, &fresh(), &bets).await.unwrap(), "it is locked");

    let (recorded, staked, positions): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), sum(stake)::bigint, (SELECT sum(stake) FROM positions)::bigint FROM bets",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((recorded, staked, positions), (4, 800, 800));
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
}

async fn cancel(pool: &PgPool, bets: &[&ModelBet]) {
    let ids: Vec<_> = bets.iter().map(|bet| bet.id).collect();
    let accounts: Vec<_> = bets.iter().map(|bet| account_id(bet.account)).collect();
    let verdicts: Vec<String> = sqlx::query_scalar("SELECT cancel_bets($1, $2, interval '0', 0)")
        .bind(ids)
        .bind(accounts)
        .fetch_one(pool)
        .await
        .unwrap();
    let closed = |bet: &&ModelBet| if bet.refunded { "closed" } else { "cancelled" };
    assert_eq!(verdicts, bets.iter().map(closed).collect::<Vec<_>>());
}

async fn refund(pool: &PgPool, bets: &[ModelBet]) {
    let ids: Vec<_> = bets.iter().map(|bet| bet.id).collect();
    let refunded: i64 =
        sqlx::query_scalar("SELECT withdraw_bets($1, 'refunded', 'tombstone', clock_timestamp())")
            .bind(ids)
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(usize::try_from(refunded).unwrap(), bets.iter().filter(|bet| bet.stands).count());
}

async fn assert_same(pool: &PgPool, round: usize, model: &Model) {
    for n in 0..3 {
        let found: Sums = sqlx::query_as(
            "SELECT pool, bettors, top_account_id, top_stake FROM outcomes WHERE outcome_id = $1",
        )
        .bind(outcome_id(round, n))
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(found, model.sums(n));
    }
    let odds: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT bet_id, placed_odds_hundredths FROM bets WHERE market_id = $1 ORDER BY seq")
            .bind(market_id(round))
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(odds, model.0.iter().map(|bet| (bet.id, bet.odds)).collect::<Vec<_>>());
}

#[sqlx::test]
async fn batches_cancels_and_refunds_come_to_what_one_bet_after_another_comes_to(pool: PgPool) {
    let mut runner = TestRunner::new(Config::default());
    // So few that they are trimmed and sought anew all the time.
    sqlx::query("CREATE OR REPLACE FUNCTION leaders_kept() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1")
        .execute(&pool)
        .await
        .unwrap();
    for round in 0..ROUNDS {
        let events = events().new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        open_market(&pool, round).await;
        for event in events {
            match event {
                Event::Batch(is_new, bets) => {
                    let ids: Vec<_> = bets.iter().map(|_| loljoa_service_kit::ids::fresh()).collect();
                    if is_new {
                        assert!(record_new(&pool, round, &ids, &bets).await.unwrap());
                    } else {
                        record(&pool, round, &ids, &bets).await;
                    }
                    // The same batch again changes nothing.
                    record(&pool, round, &ids, &bets).await;
                    for (id, bet) in ids.into_iter().zip(bets) {
                        model.place(id, bet);
                    }
                }
                Event::Cancel(_) | Event::Refund(_) if model.0.is_empty() => {}
                Event::Cancel(indexes) => {
                    let places: BTreeSet<_> =
                        indexes.iter().map(|index| index.index(model.0.len())).collect();
                    cancel(&pool, &places.iter().map(|place| &model.0[*place]).collect::<Vec<_>>()).await;
                    for place in places {
                        model.0[place].stands = false;
                    }
                }
                Event::Refund(index) => {
                    let from = index.index(model.0.len());
                    refund(&pool, &model.0[from..]).await;
                    for bet in model.0[from..].iter_mut().filter(|bet| bet.stands) {
                        (bet.stands, bet.refunded) = (false, true);
                    }
                }
            }
            assert_same(&pool, round, &model).await;
        }
    }
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
}

#[sqlx::test]
async fn the_schema_refuses_what_the_functions_never_do(pool: PgPool) {
    open_market(&pool, 0).await;
    record(&pool, 0, &[loljoa_service_kit::ids::fresh()], &[(0, 0, 100)]).await;
    for statement in [
        "UPDATE markets SET pool = -1",
        "UPDATE markets SET state = 'settled'",
        "UPDATE markets SET state = 'void'",
        "UPDATE bets SET stake = 0",
        "UPDATE bets SET state = 'won', closed_at = now()",
        "UPDATE bets SET state = 'cancelled', closed_at = now()",
        "UPDATE positions SET bets = 0",
        "INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
         SELECT bet_id, account_id, market_id, 'payout', 0, 100 FROM bets",
        "INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
         SELECT bet_id, account_id, market_id, kind, 100, 100 FROM bets, (VALUES ('payout'), ('void')) k (kind)",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert!(refused.into_database_error().is_some_and(|error| error.constraint().is_some()), "{statement}");
    }
}
