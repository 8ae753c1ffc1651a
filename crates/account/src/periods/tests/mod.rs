//! Periods that are counted and taken away while the ledger goes on.

mod beside;
mod sums;

use loljoa_service_kit::{AccountId, BetId, Cell, Clock, Points, ids};
use sqlx::PgConnection;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::*;
use crate::{
    audit::{self, Fold, Reconciler},
    config::Audit,
    domain::{
        feed::Position,
        grant,
        results::BetResult,
        transfer::{Kind, Outcome, Transfer},
    },
    store::{audit_pools, audit_step, feed, results, statement, transfers},
};

const PATIENCE: Duration = Duration::from_mins(1);
const POLL_EVERY: Duration = Duration::from_millis(5);
/// How a restored ledger begins its audit from nothing, as the runbook says.
const FORGET: &str = "TRUNCATE audit_cursor, audit_balances, audit_covers; INSERT INTO audit_cursor (xid, seq) VALUES ('0', 0)";

/// A ledger of three accounts, and what is asked of it.
struct Ledger {
    pool: PgPool,
    accounts: Vec<AccountId>,
}

/// What everybody can see of an account.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Seen {
    account_id: AccountId,
    balance: Points,
    staked: Points,
    profit: Points,
}

impl Ledger {
    async fn new(pool: &PgPool) -> Self {
        sqlx::raw_sql(
            "INSERT INTO users SELECT gen_random_uuid(), n, n, '', 'user', now()
                FROM (SELECT 'bettor_' || generate_series(1, 3)) names (n);
            INSERT INTO user_balances SELECT account_id FROM users",
        )
        .execute(pool)
        .await
        .unwrap();
        let accounts = sqlx::query_scalar("SELECT account_id FROM users ORDER BY username");
        let ledger = Self { pool: pool.clone(), accounts: accounts.fetch_all(pool).await.unwrap() };
        for account in &ledger.accounts {
            ledger.applies(&[grant::signup(*account)]).await;
        }
        ledger
    }

    async fn outcome(&self, transfer: &Transfer) -> Outcome {
        transfers::apply(&self.pool, std::slice::from_ref(transfer), 0).await.unwrap()[0]
    }

    async fn applies(&self, batch: &[Transfer]) {
        let outcomes = transfers::apply(&self.pool, batch, 1).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    }

    /// A stake of the account at this place.
    async fn stake(&self, place: usize, market: MarketId) -> Transfer {
        let bet = BetId(ids::fresh());
        let stake = Transfer {
            id: bet.stake_transfer(),
            kind: Kind::Stake,
            account: self.accounts[place],
            market: Some(market),
            bet: Some(bet),
            points: Points(100),
            fingerprint: vec![7],
            closes: None,
        };
        self.applies(std::slice::from_ref(&stake)).await;
        stake
    }

    async fn records(&self, stake: &Transfer, paid: i64) {
        let (bet, account, market) = (stake.bet.unwrap(), stake.account, stake.market.unwrap());
        let result = BetResult { bet, account, market, staked: stake.points, paid: Points(paid) };
        assert_eq!(results::record(&self.pool, &[result]).await.unwrap().new, 1);
    }

    async fn loses(&self, place: usize, market: MarketId) -> Transfer {
        let stake = self.stake(place, market).await;
        self.records(&stake, 0).await;
        stake
    }

    /// Ends the current period, three days ago, and gives its year.
    async fn ends(&self) -> i32 {
        let current = periods::current(&self.pool).await.unwrap();
        turn::catch_up(&self.pool, current + 1).await.unwrap();
        sqlx::raw_sql("UPDATE periods SET began_at = began_at - interval '3 days', ended_at = ended_at - interval '3 days'")
            .execute(&self.pool)
            .await
            .unwrap();
        current
    }

    async fn seen(&self) -> Vec<Seen> {
        let accounts = "SELECT account_id, balance, staked, profit FROM user_balances ORDER BY account_id";
        sqlx::query_as(accounts).fetch_all(&self.pool).await.unwrap()
    }

    /// Audits as a running service does until nothing of the period is left to look at.
    async fn audited(&self, period: i32) {
        let _auditing = self.auditing();
        eventually(async || {
            let standing = archive::standing(&self.pool, period, &[]).await.unwrap().unwrap();
            (!standing.is_unaudited).then_some(())
        })
        .await;
    }

    fn auditing(&self) -> AbortOnDropHandle<()> {
        let reconciler = Reconciler::new(
            self.pool.clone(),
            Clock::system(),
            Cell::default(),
            &Audit { every_seconds: 1, share_percent: 100 },
        );
        AbortOnDropHandle::new(tokio::spawn(reconciler.run(CancellationToken::new())))
    }

    async fn is_clean(&self) {
        let report = audit::full(&self.pool).await.unwrap();
        assert!(report.is_clean(), "{report:?}");
    }

    /// What audits should hold, by account and system account, once the continuous audit has looked at everything.
    async fn folded(&self) -> Vec<(Uuid, i64)> {
        let _auditing = self.auditing();
        eventually(async || {
            let all: bool = sqlx::query_scalar(
                "SELECT NOT EXISTS (SELECT FROM audit_balances WHERE dirty) AND opened = $1 AND NOT EXISTS (
                    SELECT FROM transfers t WHERE (t.xid, t.seq) > (a.xid, a.seq)
                ) FROM audit_cursor a",
            )
            .bind(Uuid::max())
            .fetch_one(&self.pool)
            .await
            .unwrap();
            all.then_some(())
        })
        .await;
        let differing = "SELECT count(*) FROM audit_balances WHERE difference <> 0";
        assert_eq!(sqlx::query_scalar::<_, i64>(differing).fetch_one(&self.pool).await.unwrap(), 0);
        let held = "SELECT id, balance FROM audit_balances WHERE balance <> 0 ORDER BY id";
        sqlx::query_as(held).fetch_all(&self.pool).await.unwrap()
    }
}

/// Asks again and again: other tests' transactions hold the feed, and so the audit, back.
async fn eventually<T>(mut question: impl AsyncFnMut() -> Option<T>) -> T {
    let ask = async {
        loop {
            match question().await {
                Some(answer) => return answer,
                None => time::sleep(POLL_EVERY).await,
            }
        }
    };
    time::timeout(PATIENCE, ask).await.expect("the answer came in time")
}

fn closing(stake: &Transfer, kind: Kind, points: i64) -> Transfer {
    let id = stake.bet.unwrap().closing_transfer();
    Transfer { id, kind, points: Points(points), closes: Some(stake.id), ..stake.clone() }
}

async fn execute(connection: &mut PgConnection, statement: &'static str) {
    sqlx::query(statement).execute(connection).await.unwrap();
}

/// All that is stored but the balances: whoever reads those sees archived and attached periods together.
async fn rows(pool: &PgPool, period: i32) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM transfers WHERE period = $1")
        .bind(period)
        .fetch_one(pool)
        .await
        .unwrap()
}
