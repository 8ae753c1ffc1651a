//! `close_chunk` against a model that closes one bet after another.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::model::{account_id, market_id, open_market, record};

const ROUNDS: usize = 24;

/// How a bet is to end: lost, void, or won with so much beyond its stake.
#[derive(Clone, Copy, Debug)]
enum End {
    Lost,
    Void,
    Won(i64),
}

/// How the next bets are to end, one after the other. Of those that are of another market, or have ended already, it says nothing.
type Chunk = Vec<End>;

/// Whether it is of the market or of its neighbour, account, outcome, stake.
type Placed = (bool, u8, u8, i64);

/// Bets, those that are cancelled, and the chunks that close the market's.
fn stories() -> impl Strategy<Value = (Vec<Placed>, Vec<usize>, Vec<Chunk>)> {
    let bet = (prop::bool::weighted(0.8), 0..4_u8, 0..3_u8, 100..1_000_i64);
    let end = prop_oneof![Just(End::Lost), Just(End::Void), (0..5_000_i64).prop_map(End::Won)];
    (vec(bet, 1..25), vec(0..25_usize, 0..4), vec(vec(end, 1..12), 1..5))
}

/// State, points returned, and whether it is closed.
type Row = (String, i64, bool);
/// Account, market, kind, points, stake.
type OwedRow = (Uuid, Uuid, String, i64, i64);

/// The market that is closed is the first one.
struct Model {
    markets: [Uuid; 2],
    bets: Vec<Bet>,
    owed: BTreeMap<Uuid, OwedRow>,
    cursor: i64,
}

struct Bet {
    id: Uuid,
    seq: i64,
    account: Uuid,
    market: Uuid,
    stake: i64,
    row: Row,
}

impl Model {
    fn cancel(&mut self, n: usize) {
        let bet = &mut self.bets[n];
        bet.row = ("cancelled".into(), bet.stake, true);
        self.owed.insert(bet.id, (bet.account, bet.market, "cancel".into(), bet.stake, bet.stake));
    }

    fn close(&mut self, n: usize, end: End) {
        let bet = &mut self.bets[n];
        if bet.market != self.markets[0] || bet.row.0 != "accepted" {
            return;
        }
        let (state, returned, kind) = ended(end, bet.stake);
        bet.row = (state.into(), returned, true);
        self.owed.insert(bet.id, (bet.account, bet.market, kind.into(), returned, bet.stake));
    }
}

/// State, points returned and kind of what is owed.
fn ended(end: End, stake: i64) -> (&'static str, i64, &'static str) {
    match end {
        End::Lost => ("lost", 0, "lost"),
        End::Void => ("void", stake, "void"),
        End::Won(profit) => ("won", stake + profit, "payout"),
    }
}

async fn begin(pool: &PgPool, round: usize, bets: &[Placed]) -> Model {
    let rounds = [2 * round, 2 * round + 1];
    let mut model =
        Model { markets: rounds.map(market_id), bets: Vec::new(), owed: BTreeMap::new(), cursor: 0 };
    for round in rounds {
        open_market(pool, round).await;
    }
    for (is_of_it, account, outcome, stake) in bets {
        let id = loljoa_service_kit::ids::fresh();
        let round = rounds[usize::from(!is_of_it)];
        record(pool, round, &[id], &[(*account, *outcome, *stake)]).await;
        let row = ("accepted".into(), 0, false);
        let (account, market) = (account_id(*account), market_id(round));
        let seq = "SELECT seq FROM bets WHERE bet_id = $1";
        let seq = sqlx::query_scalar(seq).bind(id).fetch_one(pool).await.unwrap();
        model.bets.push(Bet { id, seq, account, market, stake: *stake, row });
    }
    model
}

/// Closes the bets from number `first` on.
async fn close(pool: &PgPool, model: &Model, first: usize, chunk: &[End]) {
    let bets = &model.bets[first..first + chunk.len()];
    let ends: Vec<_> = bets.iter().zip(chunk).map(|(bet, end)| ended(*end, bet.stake)).collect();
    sqlx::query("SELECT close_chunk($1, $2, $3, $4, $5)")
        .bind(model.markets[0])
        .bind(bets.iter().map(|bet| bet.seq).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.0).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.1).collect::<Vec<_>>())
        .bind(model.cursor)
        .execute(pool)
        .await
        .unwrap();
}

async fn assert_same(pool: &PgPool, model: &Model) {
    for bet in &model.bets {
        let row: Row =
            sqlx::query_as("SELECT state, returned, closed_at IS NOT NULL FROM bets WHERE bet_id = $1")
                .bind(bet.id)
                .fetch_one(pool)
                .await
                .unwrap();
        assert_eq!(row, bet.row);
    }
    let owed: Vec<(Uuid, Uuid, Uuid, String, i64, i64)> = sqlx::query_as(
        "SELECT bet_id, account_id, market_id, kind, points, staked FROM owed_bets
         WHERE market_id = ANY ($1) AND NOT correction AND NOT parked",
    )
    .bind(model.markets)
    .fetch_all(pool)
    .await
    .unwrap();
    let owed: BTreeMap<_, _> =
        owed.into_iter().map(|row| (row.0, (row.1, row.2, row.3, row.4, row.5))).collect();
    assert_eq!(owed, model.owed);
    let cursors: Vec<i64> =
        sqlx::query_scalar("SELECT close_cursor FROM markets WHERE market_id = ANY ($1) ORDER BY market_id")
            .bind(model.markets)
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(cursors, [model.cursor, 0]);
}

#[sqlx::test]
async fn bets_close_as_if_one_after_another(pool: PgPool) {
    let mut runner = TestRunner::new(Config::default());
    for round in 0..ROUNDS {
        let (bets, cancelled, chunks) = stories().new_tree(&mut runner).unwrap().current();
        let mut model = begin(&pool, round, &bets).await;
        for n in cancelled.into_iter().filter(|n| *n < bets.len()) {
            if model.bets[n].row.0 == "accepted" {
                sqlx::query("SELECT cancel_bet($1, $2, interval '0')")
                    .bind(model.bets[n].id)
                    .bind(model.bets[n].account)
                    .execute(&pool)
                    .await
                    .unwrap();
                model.cancel(n);
            }
        }
        let mut first = 0;
        for chunk in chunks {
            let chunk = &chunk[..chunk.len().min(model.bets.len() - first)];
            let Some(last) = model.bets[first..][..chunk.len()].last() else { break };
            model.cursor = last.seq;
            close(&pool, &model, first, chunk).await;
            for (n, end) in chunk.iter().enumerate() {
                model.close(first + n, *end);
            }
            assert_same(&pool, &model).await;
            // The same chunk again closes nothing twice.
            close(&pool, &model, first, chunk).await;
            assert_same(&pool, &model).await;
            first += chunk.len();
        }
    }
    // What `close_chunk` leaves alone still follows from the bets.
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
}
