//! Periods that are counted and taken away while the ledger goes on.

use loljoa_service_kit::{AccountId, BetId, Clock, Points, ids};
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
    store::{feed, results, statement, transfers},
};

const PATIENCE: Duration = Duration::from_mins(1);
const POLL_EVERY: Duration = Duration::from_millis(5);
/// How a restored ledger begins its audit from nothing, as the runbook says.
const FORGET: &str =
    "TRUNCATE audit_cursor, audit_balances; INSERT INTO audit_cursor (xid, seq) VALUES ('0', 0)";

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
            let standing = archive::standing(&self.pool, period).await.unwrap().unwrap();
            (!standing.is_unaudited).then_some(())
        })
        .await;
    }

    fn auditing(&self) -> AbortOnDropHandle<()> {
        let reconciler = Reconciler::new(
            self.pool.clone(),
            Clock::system(),
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

#[sqlx::test]
async fn balances_and_audits_are_the_same_before_and_after(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let (market, next) = (MarketId::fresh(), MarketId::fresh());
    let lost = ledger.loses(0, market).await;
    // Bets that end in the next period, each in another way.
    let (paid, counted, cancelled) =
        (ledger.stake(1, market).await, ledger.stake(1, market).await, ledger.stake(2, market).await);
    ledger.applies(&[closing(&counted, Kind::Payout, 100)]).await;
    let archived = ledger.ends().await;
    ledger.applies(&[closing(&paid, Kind::Payout, 200), closing(&cancelled, Kind::Cancel, 100)]).await;
    ledger.records(&paid, 200).await;
    ledger.records(&counted, 100).await;
    let correction =
        Transfer { id: lost.bet.unwrap().correction_transfer(), ..closing(&lost, Kind::Correction, 30) };
    ledger.applies(&[correction]).await;
    let open = ledger.stake(0, next).await;
    let (seen, folded) = (ledger.seen().await, ledger.folded().await);
    ledger.is_clean().await;

    let mut counted = 0;
    archive(&pool, archived, |more| counted += more).await.unwrap();
    assert_eq!(counted, 3 + 4 + 1 + 1, "grants, stakes, a payout, a result");
    assert_eq!(rows(&pool, archived).await, 0);
    assert_eq!(ledger.seen().await, seen);
    ledger.is_clean().await;
    let report = audit::full(&pool).await.unwrap();
    assert_eq!((report.transfers, report.results), (4, 2), "the rest is in the sums");
    assert_eq!(ledger.folded().await, folded);
    sqlx::raw_sql(FORGET).execute(&pool).await.unwrap();
    assert_eq!(ledger.folded().await, folded, "counted once more, from the sums on");

    // The ledger goes on, and what is changed behind its back is found by both audits.
    ledger.applies(&[closing(&open, Kind::Void, 100)]).await;
    ledger.loses(2, next).await;
    ledger.is_clean().await;
    let mut theft = pool.acquire().await.unwrap();
    execute(
        &mut theft,
        "UPDATE user_balances SET balance = balance - 1, staked = staked + 1, profit = profit + 1",
    )
    .await;
    assert_eq!(audit::full(&pool).await.unwrap().differences.len(), 9);
    archive(&pool, archived, |_| panic!("it is done")).await.unwrap();
}

#[sqlx::test]
async fn of_two_archived_periods_the_sums_add_up(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    ledger.loses(0, market).await;
    let late = ledger.stake(1, market).await;
    let first = ledger.ends().await;
    ledger.applies(&[closing(&late, Kind::Payout, 200)]).await;
    ledger.records(&late, 200).await;
    let second = ledger.ends().await;
    ledger.loses(2, MarketId::fresh()).await;
    let (seen, folded) = (ledger.seen().await, ledger.folded().await);
    let refused = obstacles(&pool, second).await.unwrap();
    assert_eq!(refused, ["an earlier period is not archived yet"]);
    for period in [first, second] {
        archive(&pool, period, |_| ()).await.unwrap();
        ledger.is_clean().await;
    }
    sqlx::raw_sql(FORGET).execute(&pool).await.unwrap();
    assert_eq!((ledger.seen().await, ledger.folded().await), (seen, folded));
    let listed = list(&pool).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|it| (it.period, it.rows, it.archived_at.is_some())).collect();
    assert_eq!(listed, [(first, 6, true), (second, 2, true), (second + 1, 2, false)]);
}

#[sqlx::test]
async fn it_is_refused_until_everything_in_it_has_ended(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let stakes = [ledger.stake(0, MarketId::fresh()).await, ledger.stake(1, MarketId::fresh()).await];
    let period = periods::current(&pool).await.unwrap();
    let why = async || {
        count(&pool, period, |_| ()).await.unwrap();
        let refused = archive(&pool, period, |_| ()).await.unwrap_err();
        let obstacles = obstacles(&pool, period).await.unwrap();
        assert_eq!(
            (refused.reason.as_str(), refused.message),
            ("period_not_archivable", obstacles.join("; "))
        );
        obstacles
    };
    assert_eq!(why().await, ["it has not ended"]);
    assert_eq!(obstacles(&pool, 1999).await.unwrap(), ["there is no period 1999"]);
    turn::catch_up(&pool, period + 1).await.unwrap();
    let young = "it ended less than two days ago, and grants of its last day may come again";
    let unaudited = "the continuous audit has not seen all of it";
    let open = |stakes| format!("{stakes} of its stakes have no end yet");
    assert_eq!(why().await, [young, unaudited, &open(2)]);
    sqlx::raw_sql(
        "UPDATE periods SET began_at = began_at - interval '3 days', ended_at = ended_at - interval '3 days'",
    )
    .execute(&pool)
    .await
    .unwrap();
    ledger.audited(period).await;
    assert_eq!(why().await, [open(2)]);

    // A payout is no end without its result, and no result that something is to be paid for without the payout.
    ledger.applies(&[closing(&stakes[0], Kind::Payout, 200)]).await;
    ledger.records(&stakes[1], 50).await;
    assert_eq!(why().await, [open(2)]);
    ledger.records(&stakes[0], 200).await;
    assert_eq!(why().await, [open(1)]);
    sqlx::raw_sql("INSERT INTO audit_balances VALUES (gen_random_uuid(), 0, false, 3)")
        .execute(&pool)
        .await
        .unwrap();
    ledger.applies(&[closing(&stakes[1], Kind::Payout, 50)]).await;
    assert_eq!(why().await, ["the continuous audit knows of 1 differences"]);
    assert_eq!(rows(&pool, period).await, 5, "nothing is taken away");
    sqlx::raw_sql("DELETE FROM audit_balances WHERE difference <> 0").execute(&pool).await.unwrap();
    archive(&pool, period, |_| ()).await.unwrap();
    assert!(obstacles(&pool, period).await.unwrap().is_empty(), "it is done");
}

/// What is counted, from the rows themselves.
async fn sums(pool: &PgPool, period: i32) -> Vec<(Uuid, i64, i64, i64)> {
    sqlx::query_as(
        "SELECT id, sum(balance)::bigint, sum(staked)::bigint, sum(profit)::bigint FROM (
            SELECT account_id AS id, balance_change(kind, points) AS balance, staked_change(kind, points) AS staked,
                profit_change(kind, points) AS profit FROM transfers WHERE period = $1
            UNION ALL
            SELECT counterpart(kind, market_id), -balance_change(kind, points), 0, 0 FROM transfers WHERE period = $1
            UNION ALL
            SELECT account_id, 0, -staked, paid - staked FROM bet_results WHERE period = $1
        ) sides GROUP BY id ORDER BY id",
    )
    .bind(period)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn a_count_that_is_killed_goes_on_where_it_was_also_with_another_beside_it(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    for place in [0, 1, 2, 1, 0] {
        ledger.loses(place, market).await;
    }
    let open = ledger.stake(2, market).await;
    let period = ledger.ends().await;
    ledger.applies(&[closing(&open, Kind::Void, 100)]).await;
    ledger.audited(period).await;
    let expected = sums(&pool, period).await;

    // Killed inside a page: what it has counted is rolled back with where it was.
    count::begin(&pool, period).await.unwrap();
    assert_eq!(count_some(&pool, period, 2).await.unwrap(), Some(2));
    let mut killed = postgres::begin(&pool).await.unwrap();
    let counted = count::hold(&mut killed, period).await.unwrap().unwrap();
    assert_eq!(count::transfers(&mut killed, period, counted.transfers, 3).await.unwrap(), 3);
    // Two at once: each row is counted by one of them.
    let (mut one, mut other) = (0, 0);
    let (first, second, ()) = tokio::join!(
        count_by(&pool, period, 2, |more| one += more),
        count_by(&pool, period, 3, |more| other += more),
        async { killed.rollback().await.unwrap() },
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(2 + one + other, 9 + 5);
    let counted: Vec<(Uuid, i64, i64, i64)> =
        sqlx::query_as("SELECT id, balance, staked, profit FROM period_sums WHERE period = $1 ORDER BY id")
            .bind(period)
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(counted, expected);
    let carried: Vec<Uuid> =
        sqlx::query_scalar("SELECT transfer_id FROM period_stakes").fetch_all(&pool).await.unwrap();
    assert_eq!(carried, [open.id.0]);
    assert_eq!(markets(&pool, period, None, 10).await.unwrap(), [market]);
    ledger.is_clean().await;
    archive(&pool, period, |_| ()).await.unwrap();
    ledger.is_clean().await;
}

#[sqlx::test]
async fn no_id_of_an_archived_period_is_applied_again(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let market = MarketId::fresh();
    let (lost, late) = (ledger.loses(0, market).await, ledger.stake(1, market).await);
    let period = ledger.ends().await;
    let refund = closing(&late, Kind::Cancel, 100);
    ledger.applies(std::slice::from_ref(&refund)).await;
    let orphan = ledger.stake(2, market).await;
    ledger.audited(period).await;
    archive(&pool, period, |_| ()).await.unwrap();
    let seen = ledger.seen().await;
    for stake in [&lost, &late] {
        assert_eq!(ledger.outcome(stake).await, Outcome::StakeRevoked);
    }
    assert_eq!(ledger.outcome(&refund).await, Outcome::AlreadyApplied, "it is in a later period");
    let renamed = Transfer { id: ids::fresh().into(), ..refund };
    for late in [renamed, closing(&lost, Kind::Payout, 200), closing(&lost, Kind::Correction, 5)] {
        assert_eq!(ledger.outcome(&late).await, Outcome::Conflict);
    }
    assert_eq!(ledger.seen().await, seen);
    assert_eq!(
        ledger.outcome(&closing(&orphan, Kind::Tombstone, 100)).await,
        Outcome::Applied,
        "its stake is here"
    );
    ledger.is_clean().await;
}

#[sqlx::test]
async fn who_asks_again_while_a_period_is_taken_away_is_told_so(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    let lost = ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    count(&pool, period, |_| ()).await.unwrap();
    let seen = ledger.seen().await;
    let mut taking = postgres::begin(&pool).await.unwrap();
    archive::archive(&mut taking, period).await.unwrap();
    let waits = "SELECT true FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND NOT l.granted";
    let commit = async {
        eventually(async || sqlx::query_scalar::<_, bool>(waits).fetch_optional(&pool).await.unwrap()).await;
        taking.commit().await.unwrap();
    };
    let (again, ()) = tokio::join!(ledger.outcome(&lost), commit);
    assert_eq!(again, Outcome::StakeRevoked);
    assert_eq!(ledger.seen().await, seen);
    ledger.is_clean().await;
}

#[sqlx::test]
async fn who_reads_the_feed_goes_on(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    let page = async |from| feed::page(&pool, from, chrono::TimeDelta::zero(), 100).await.unwrap();
    let old = eventually(async || Some(page(Position::default()).await).filter(|page| page.len() == 4)).await;
    ledger.audited(period).await;
    archive(&pool, period, |_| ()).await.unwrap();
    let stake = ledger.loses(1, MarketId::fresh()).await;
    let known = async |from| feed::standing(&pool, from, from).await.unwrap().known;
    for entry in &old {
        assert!(known(entry.position).await, "it has read what is archived");
        let new = eventually(async || Some(page(entry.position).await).filter(|page| !page.is_empty())).await;
        assert_eq!(new.iter().map(|entry| entry.transfer.id).collect::<Vec<_>>(), [stake.id]);
    }
    assert_eq!(
        page(Position::default()).await.len(),
        1,
        "from the beginning: from the oldest period that is there"
    );
    let ahead = Position { xid: old[3].position.xid, seq: old[3].position.seq + 1 };
    assert!(!known(ahead).await, "behind the end of what is archived");
}

#[sqlx::test]
async fn it_waits_for_who_reads_and_nobody_waits_long_for_it(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    count(&pool, period, |_| ()).await.unwrap();
    let mut reader = postgres::begin(&pool).await.unwrap();
    execute(&mut reader, "SELECT FROM transfers LIMIT 1").await;
    let refused = archive_counted(&pool, period).await.unwrap_err();
    assert!(is_locked(&refused), "{refused}");
    let archiving = tokio::spawn({
        let pool = pool.clone();
        async move { archive(&pool, period, |_| ()).await }
    });
    // Bets go on between its attempts, and while it waits they wait less than a third of a second.
    eventually(async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
            AND relation = 'transfers'::regclass)";
        sqlx::query_scalar::<_, bool>(waits).fetch_one(&pool).await.unwrap().then_some(())
    })
    .await;
    for place in [0, 1, 2] {
        ledger.loses(place, MarketId::fresh()).await;
    }
    assert_eq!(rows(&pool, period).await, 4);
    reader.commit().await.unwrap();
    archiving.await.unwrap().unwrap();
    assert_eq!(rows(&pool, period).await, 0);
    ledger.is_clean().await;
}

#[sqlx::test]
async fn an_audit_over_which_a_period_is_archived_begins_again(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    ledger.loses(0, MarketId::fresh()).await;
    let period = ledger.ends().await;
    ledger.audited(period).await;
    ledger.loses(1, MarketId::fresh()).await;
    let (mut before, mut amid) = (Fold::default(), Fold::default());
    while before.next(&pool, 2).await.unwrap().more {}
    amid.next(&pool, 2).await.unwrap();
    archive(&pool, period, |_| ()).await.unwrap();
    while amid.next(&pool, 2).await.unwrap().more {}
    for fold in [before, amid] {
        let system = fold.close(&pool).await.unwrap();
        assert_eq!((system.differences, system.sum), (vec![], Points::ZERO));
    }
}

#[sqlx::test]
async fn the_year_is_never_turned_back_and_the_next_one_is_ready(pool: PgPool) {
    let year = periods::current(&pool).await.unwrap();
    assert_eq!(turn::catch_up(&pool, year + 2).await.unwrap(), year + 2);
    turn::keep_up(&pool).await.unwrap();
    assert_eq!(turn::catch_up(&pool, year).await.unwrap(), year + 2);
    let listed: Vec<_> =
        list(&pool).await.unwrap().into_iter().map(|it| (it.period, it.ended_at.is_some())).collect();
    assert_eq!(listed, [(year, true), (year + 1, true), (year + 2, false)]);
    assert!(!periods::prepare(&pool, year + 3).await.unwrap(), "it is there");
}

/// How often partitions of many rows were read whole in this transaction, and how often indexes of each of them.
async fn scans(connection: &mut PgConnection) -> (i64, Vec<i64>) {
    let whole = "SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_xact_user_tables
        WHERE relname ~ '^(transfers|bet_results)_' AND pg_relation_size(relid) > 100000";
    let by_index = "SELECT coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables
        WHERE relname ~ '^(transfers|bet_results)_' AND pg_relation_size(relid) > 100000 ORDER BY relname";
    let whole = sqlx::query_scalar(whole).fetch_one(&mut *connection).await.unwrap();
    (whole, sqlx::query_scalar(by_index).fetch_all(connection).await.unwrap())
}

#[sqlx::test]
async fn no_partition_is_read_whole(pool: PgPool) {
    let ledger = Ledger::new(&pool).await;
    for _ in 0..2 {
        sqlx::raw_sql(
            "INSERT INTO transfers (transfer_id, kind, account_id, points, fingerprint, created_at)
            SELECT gen_random_uuid(), 'daily_grant', gen_random_uuid(), 1, 'many', now() FROM generate_series(1, 20000);
            INSERT INTO bet_results (bet_id, account_id, market_id, staked, paid, created_at)
            SELECT gen_random_uuid(), account_id, gen_random_uuid(), 1, 0, now()
            FROM users, generate_series(1, 7000)",
        )
        .execute(&pool)
        .await
        .unwrap();
        ledger.ends().await;
    }
    sqlx::raw_sql("ANALYZE transfers, bet_results").execute(&pool).await.unwrap();
    let stake = ledger.stake(0, MarketId::fresh()).await;
    let (bet, account, market) = (stake.bet.unwrap(), stake.account, stake.market.unwrap());
    let lost = BetResult { bet, account, market, staked: stake.points, paid: Points::ZERO };
    let mut transaction = postgres::begin(&pool).await.unwrap();
    for _ in 0..10 {
        transfers::apply(&mut *transaction, &[closing(&stake, Kind::Payout, 1)], 0).await.unwrap();
        results::record(&mut *transaction, std::slice::from_ref(&lost)).await.unwrap();
        feed::page(&mut *transaction, Position::default(), chrono::TimeDelta::zero(), 100).await.unwrap();
        feed::standing(&mut *transaction, Position::default(), Position::default()).await.unwrap();
        statement::page(&mut *transaction, account, None, 50).await.unwrap();
    }
    let (whole, by_index) = scans(&mut transaction).await;
    assert_eq!(whole, 0);
    assert_eq!(by_index.len(), 4, "two periods of each");
    assert!(by_index.iter().all(|scans| *scans >= 10), "{by_index:?}");
}
