//! Everything that is written down about points, read from the two databases while nothing is under way.
#![expect(clippy::struct_field_names, reason = "the names are those of the tables")]

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use loljoa_service_kit::postgres;
use sqlx::{FromRow, PgConnection, PgPool, Postgres, Transaction, postgres::PgRow};
use uuid::Uuid;

use crate::support::TestDatabases;

/// A row of account's `transfers`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Transfer {
    pub(crate) transfer_id: Uuid,
    pub(crate) kind: String,
    pub(crate) account_id: Uuid,
    pub(crate) market_id: Option<Uuid>,
    pub(crate) bet_id: Option<Uuid>,
    pub(crate) debit_id: Uuid,
    pub(crate) credit_id: Uuid,
    pub(crate) points: i64,
    pub(crate) closes_transfer_id: Option<Uuid>,
}

impl Transfer {
    pub(crate) fn is_stake(&self) -> bool {
        self.kind == "stake"
    }

    /// Whether it gives back or pays a stake.
    pub(crate) fn is_closing(&self) -> bool {
        ["payout", "cancel", "void", "tombstone"].contains(&self.kind.as_str())
    }
}

/// A row of betting's `bets`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Bet {
    pub(crate) bet_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) account_id: Uuid,
    pub(crate) market_id: Uuid,
    pub(crate) outcome_id: Option<Uuid>,
    pub(crate) stake: i64,
    pub(crate) state: String,
    pub(crate) tombstone: Option<String>,
    pub(crate) returned: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    /// When it stopped being accepted.
    pub(crate) closed_at: Option<DateTime<Utc>>,
}

impl Bet {
    /// Whether its stake is in the pool that was, or will be, divided.
    pub(crate) fn counts(&self) -> bool {
        ["accepted", "won", "lost"].contains(&self.state.as_str())
    }
}

/// A row of betting's `markets`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Market {
    pub(crate) market_id: Uuid,
    pub(crate) match_id: Uuid,
    pub(crate) template: String,
    /// What it asks about a whole stage.
    pub(crate) asks: Option<String>,
    pub(crate) state: String,
    pub(crate) lock_at: DateTime<Utc>,
    pub(crate) pool: i64,
    pub(crate) settled_outcome_id: Option<Uuid>,
    pub(crate) void_reason: Option<String>,
}

/// A lock and a state that a market was given, as the witness saw it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Lock {
    pub(crate) market_id: Uuid,
    pub(crate) lock_at: DateTime<Utc>,
    pub(crate) state: String,
    pub(crate) seen_at: DateTime<Utc>,
}

/// A row of betting's `outcomes`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Outcome {
    pub(crate) outcome_id: Uuid,
    pub(crate) market_id: Uuid,
    pub(crate) key: String,
    pub(crate) pool: i64,
    pub(crate) bettors: i64,
    pub(crate) top_account_id: Option<Uuid>,
    pub(crate) top_stake: i64,
}

/// A row of account's `user_balances`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct UserBalance {
    pub(crate) account_id: Uuid,
    pub(crate) balance: i64,
    pub(crate) staked: i64,
    pub(crate) profit: i64,
}

/// A row of account's `bet_results`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct BetResult {
    pub(crate) bet_id: Uuid,
    pub(crate) staked: i64,
    pub(crate) paid: i64,
}

/// All of it.
pub(crate) struct Books {
    /// In the order in which each account's transfers were applied.
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) users: Vec<UserBalance>,
    /// House and pools, their stripes added up.
    pub(crate) system: HashMap<Uuid, i64>,
    pub(crate) results: Vec<BetResult>,
    /// Stakes that are refused for good.
    pub(crate) refused: HashSet<Uuid>,
    pub(crate) bets: Vec<Bet>,
    /// Bets that an operator gave back, since nothing had been paid for them.
    pub(crate) reconciled: HashSet<Uuid>,
    pub(crate) markets: BTreeMap<Uuid, Market>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Every lock of every market, in the order in which they were given.
    pub(crate) locks: Vec<Lock>,
    /// What the ledger has yet to be told.
    pub(crate) owed: i64,
}

impl Books {
    /// Each database as it is at one instant: a market may lock while its books are read.
    pub(crate) async fn read(db: &TestDatabases) -> Self {
        let (mut account, mut betting) =
            (at_one_instant(&db.account).await, at_one_instant(&db.betting).await);
        let system: Vec<(Uuid, i64)> =
            all(&mut account, "SELECT ledger_id, sum(balance)::bigint FROM system_balances GROUP BY 1").await;
        let markets: Vec<Market> = all(&mut betting, "SELECT * FROM markets").await;
        let transfers =
            "SELECT transfer_id, kind::text AS kind, account_id, market_id, bet_id, debit_id, credit_id,
            points, closes_transfer_id FROM transfers ORDER BY seq";
        let reconciled: Vec<(Uuid,)> =
            all(&mut betting, "SELECT subject FROM reconciliations WHERE action = 'void_bet'").await;
        let refused: Vec<(Uuid,)> = all(&mut account, "SELECT transfer_id FROM refused_stakes").await;
        Self {
            refused: refused.into_iter().map(|(id,)| id).collect(),
            transfers: all(&mut account, transfers).await,
            users: all(&mut account, "SELECT account_id, balance, staked, profit FROM user_balances").await,
            system: system.into_iter().collect(),
            results: all(&mut account, "SELECT bet_id, staked, paid FROM bet_results").await,
            bets: all(&mut betting, "SELECT * FROM bets ORDER BY seq").await,
            reconciled: reconciled.into_iter().map(|(id,)| id).collect(),
            markets: markets.into_iter().map(|market| (market.market_id, market)).collect(),
            outcomes: all(&mut betting, "SELECT * FROM outcomes").await,
            locks: all(&mut betting, "SELECT * FROM witness.locks ORDER BY place").await,
            owed: sqlx::query_scalar("SELECT count(*) FROM owed_bets")
                .fetch_one(&mut *betting)
                .await
                .unwrap(),
        }
    }

    /// The bets on a market, in order.
    pub(crate) fn bets_on(&self, market_id: Uuid) -> impl Iterator<Item = &Bet> {
        self.bets.iter().filter(move |bet| bet.market_id == market_id)
    }

    /// The transfers that `choose` picks, by the bet that they are for.
    pub(crate) fn by_bet(&self, choose: impl Fn(&Transfer) -> bool) -> HashMap<Uuid, Vec<&Transfer>> {
        let mut by_bet: HashMap<_, Vec<_>> = HashMap::new();
        for transfer in self.transfers.iter().filter(|transfer| choose(transfer)) {
            by_bet.entry(transfer.bet_id.expect("it is for a bet")).or_default().push(transfer);
        }
        by_bet
    }
}

async fn at_one_instant(pool: &PgPool) -> Transaction<'static, Postgres> {
    postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.unwrap()
}

async fn all<T: Send + Unpin + for<'r> FromRow<'r, PgRow>>(
    db: &mut PgConnection,
    query: &'static str,
) -> Vec<T> {
    sqlx::query_as(query).fetch_all(db).await.unwrap()
}
