//! Differences, planted; who finds them, and what the gauges say.

use std::sync::Arc;

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, metrics::Recorder};

use super::*;
use crate::{
    audit::Check,
    config::Audit,
    domain::{
        grant,
        results::BetResult,
        transfer::{Kind, Transfer},
    },
    store::{audit_step::Findings, results, transfers},
};

fn reconciler(pool: &PgPool) -> Reconciler {
    let clock = Clock::fixed("2022-03-16T12:00:00Z".parse().unwrap());
    Reconciler::new(pool.clone(), clock, Cell::default(), &Audit { every_seconds: 1, share_percent: 100 })
}

async fn account(pool: &PgPool, name: &str) -> AccountId {
    let account = AccountId::fresh();
    sqlx::query(
        "WITH u AS (INSERT INTO users VALUES ($1, $2, $2, '', 'user', now()) RETURNING account_id)
        INSERT INTO user_balances SELECT account_id FROM u",
    )
    .bind(account)
    .bind(name)
    .execute(pool)
    .await
    .unwrap();
    transfers::apply(pool, &[grant::signup(account)], 0).await.unwrap();
    account
}

fn gift(account: AccountId) -> Transfer {
    let id = AccountId::fresh().0.into();
    Transfer { id, ..grant::signup(account) }
}

fn stake(account: AccountId, market: MarketId, points: i64) -> Transfer {
    let bet = BetId(ids::fresh());
    Transfer {
        id: bet.stake_transfer(),
        kind: Kind::Stake,
        account,
        market: Some(market),
        bet: Some(bet),
        points: Points(points),
        fingerprint: vec![7],
        closes: None,
    }
}

/// A bet that lost, and what a correction gives it.
async fn corrected(pool: &PgPool, stake: &Transfer, points: i64) {
    let (bet, account, market) = (stake.bet.unwrap(), stake.account, stake.market.unwrap());
    let lost = BetResult { bet, account, market, staked: stake.points, paid: Points::ZERO };
    assert_eq!(results::record(pool, &[lost]).await.unwrap().new, 1);
    let (id, closes) = (bet.correction_transfer(), Some(stake.id));
    let correction = Transfer { id, kind: Kind::Correction, points: Points(points), closes, ..stake.clone() };
    let outcomes = transfers::apply(pool, &[correction], 0).await.unwrap();
    assert_eq!(outcomes[0].name(), "applied");
}

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

/// Goes on until all has been compared; what differs then, and by how much.
async fn differences(reconciler: &Reconciler) -> Vec<(Uuid, i64)> {
    loop {
        if let Step::Compared { seen, known, more: false } = reconciler.step().await.unwrap() {
            assert!(seen.iter().all(|difference| difference.check == Check::Balance));
            assert_eq!(usize::try_from(known.balances.count).unwrap(), seen.len());
            return seen.into_iter().map(|d| (d.id, d.found.0 - d.expected.0)).collect();
        }
    }
}

#[sqlx::test]
async fn what_is_new_is_compared_before_and_after_it_is_folded(pool: PgPool) {
    let reconciler = reconciler(&pool);
    assert_eq!(differences(&reconciler).await, []);
    let faker = account(&pool, "faker").await;
    assert_eq!(differences(&reconciler).await, []);

    run(&pool, "UPDATE user_balances SET balance = balance - 1").await;
    transfers::apply(&pool, &[gift(faker)], 1).await.unwrap();
    assert_eq!(differences(&reconciler).await, [(faker.0, -1)]);
    assert_eq!(differences(&reconciler).await, [(faker.0, -1)], "it stays until it is mended");

    run(&pool, "UPDATE user_balances SET balance = balance + 1").await;
    assert_eq!(differences(&reconciler).await, []);
}

#[sqlx::test]
async fn a_slow_transaction_is_no_difference_and_is_not_skipped(pool: PgPool) {
    let reconciler = reconciler(&pool);
    let (faker, keria) = (account(&pool, "faker").await, account(&pool, "keria").await);
    let mut slow = postgres::begin(&pool).await.unwrap();
    transfers::apply(&mut *slow, &[gift(faker)], 0).await.unwrap();
    transfers::apply(&pool, &[gift(keria)], 1).await.unwrap();
    assert_eq!(differences(&reconciler).await, []);
    slow.commit().await.unwrap();
    assert_eq!(differences(&reconciler).await, []);
    run(&pool, "UPDATE user_balances SET balance = balance - 1").await;
    assert_eq!(differences(&reconciler).await.len(), 2);
}

#[sqlx::test]
async fn a_long_way_is_gone_in_chunks(pool: PgPool) {
    let reconciler = Reconciler { size: Size { chunk: 2, sample: 0 }, ..reconciler(&pool) };
    let faker = account(&pool, "faker").await;
    for _ in 0..6 {
        transfers::apply(&pool, &[gift(faker)], 0).await.unwrap();
    }
    run(&pool, "UPDATE system_balances SET balance = balance + 3").await;
    let success = async || audit_step::success(&mut pool.acquire().await.unwrap()).await.unwrap();
    let mut steps = 0;
    let found = loop {
        match reconciler.step().await.unwrap() {
            Step::Compared { known, more: false, .. } => break known,
            _ => steps += 1,
        }
        assert_eq!(success().await, None, "there is more to do");
    };
    assert!(success().await.is_some(), "all was compared, whatever was found");
    assert!(
        steps <= 9,
        "seven transfers are at most three full chunks of two for balances and for covers, and two accounts one more"
    );
    let balances = Findings { count: 1, apart: Points(3), sum: Points(3) };
    assert_eq!(found, Known { balances, ..Known::default() });
}

#[sqlx::test]
async fn what_nobody_touches_is_looked_at_in_turn(pool: PgPool) {
    let reconciler = Reconciler { size: Size { chunk: CHUNK, sample: 2 }, ..reconciler(&pool) };
    for name in ["faker", "keria", "zeus", "oner", "gumayusi"] {
        account(&pool, name).await;
    }
    assert_eq!(differences(&reconciler).await, []);
    // Quietly, behind the back of every transfer: one account holds more, one has no row, one is nobody's.
    run(&pool, "UPDATE user_balances SET balance = balance + 7 WHERE account_id = (SELECT account_id FROM users WHERE username = 'oner')")
        .await;
    run(
        &pool,
        "DELETE FROM user_balances WHERE account_id = (SELECT account_id FROM users WHERE username = 'zeus')",
    )
    .await;
    run(&pool, "INSERT INTO system_balances VALUES (gen_random_uuid(), 3, 11)").await;
    // Seven ids are four samples; wherever the samples stood, two rounds have seen all.
    let mut found = Vec::new();
    for _ in 0..8 {
        found = differences(&reconciler).await;
    }
    let mut apart: Vec<_> = found.into_iter().map(|(_, apart)| apart).collect();
    apart.sort_unstable();
    assert_eq!(apart, [-1_000, 7, 11]);
}

/// Goes on until all has been compared; which covers differ then, and by how much.
async fn covers_apart(reconciler: &Reconciler) -> Vec<(Uuid, i64)> {
    loop {
        if let Step::Compared { seen, known, more: false } = reconciler.step().await.unwrap() {
            assert_eq!(known.balances.count, 0);
            assert_eq!(usize::try_from(known.covers.count).unwrap(), seen.len());
            assert!(seen.iter().all(|difference| difference.check == Check::Cover));
            return seen.into_iter().map(|d| (d.id, d.found.0 - d.expected.0)).collect();
        }
    }
}

#[sqlx::test]
async fn a_cover_that_does_not_follow_is_found_until_it_is_mended(pool: PgPool) {
    // None is looked at in turn.
    let reconciler = Reconciler { size: Size { chunk: CHUNK, sample: 0 }, ..reconciler(&pool) };
    let (faker, market) = (account(&pool, "faker").await, MarketId::fresh());
    let lost = stake(faker, market, 300);
    transfers::apply(&pool, std::slice::from_ref(&lost), 0).await.unwrap();
    assert_eq!(covers_apart(&reconciler).await, []);
    corrected(&pool, &lost, 120).await;
    assert_eq!(covers_apart(&reconciler).await, [], "300 staked, 120 given");

    run(&pool, "UPDATE system_balances SET cover = cover + 5 WHERE ledger_id <> house()").await;
    transfers::apply(&pool, &[stake(faker, market, 200)], 1).await.unwrap();
    for _ in 0..2 {
        assert_eq!(covers_apart(&reconciler).await, [(market.0, 5)]);
    }
    run(&pool, "UPDATE system_balances SET cover = cover - 5 WHERE ledger_id <> house() AND stripe = 0")
        .await;
    assert_eq!(covers_apart(&reconciler).await, []);
}

#[sqlx::test]
async fn a_cover_that_nobody_touches_is_looked_at_in_turn(pool: PgPool) {
    let reconciler = reconciler(&pool);
    let (faker, market) = (account(&pool, "faker").await, MarketId::fresh());
    transfers::apply(&pool, &[stake(faker, market, 300)], 0).await.unwrap();
    assert_eq!(covers_apart(&reconciler).await, []);
    run(&pool, "UPDATE system_balances SET cover = 0").await;
    let (metrics, _guard) = recorder();
    reconciler.step_and_report().await;
    assert!(says(metrics, "loljoa_audit_difference{,check=\"covers\"} 300.0"), "{:#?}", gauges_of(metrics));
    assert!(says(metrics, "loljoa_audit_findings{} 1.0"));
}

#[sqlx::test]
async fn covers_that_a_release_before_left_out_are_caught_up_with(pool: PgPool) {
    let reconciler = Reconciler { size: Size { chunk: 2, sample: 0 }, ..reconciler(&pool) };
    let (faker, market) = (account(&pool, "faker").await, MarketId::fresh());
    let lost = stake(faker, market, 300);
    transfers::apply(&pool, std::slice::from_ref(&lost), 0).await.unwrap();
    corrected(&pool, &lost, 100).await;
    // All of it is below the watermark, whatever else the server does.
    let folded = "SELECT NOT EXISTS (
        SELECT FROM transfers t, audit_cursor c WHERE (t.xid, t.seq) > (c.cover_xid, c.cover_seq))";
    while !sqlx::query_scalar::<_, bool>(folded).fetch_one(&pool).await.unwrap() {
        assert_eq!(covers_apart(&reconciler).await, []);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    run(&pool, "TRUNCATE audit_covers").await;
    run(&pool, "UPDATE audit_cursor SET cover_xid = '0', cover_seq = 0").await;
    // Balances are compared all the while.
    assert!(matches!(reconciler.step().await.unwrap(), Step::Compared { more: true, .. }));
    assert_eq!(covers_apart(&reconciler).await, []);
    let cover: i64 = sqlx::query_scalar("SELECT cover FROM audit_covers").fetch_one(&pool).await.unwrap();
    assert_eq!(cover, 200);
}

/// A recorder of this thread, and so of this test alone.
fn recorder() -> (&'static Arc<Recorder>, metrics::LocalRecorderGuard<'static>) {
    let recorder: &Arc<Recorder> = Box::leak(Box::new(Recorder::new()));
    (recorder, metrics::set_default_local_recorder(recorder))
}

/// What the gauges of the audit say.
fn gauges_of(metrics: &Arc<Recorder>) -> Vec<String> {
    let text = metrics.text();
    let lines = text.lines().filter(|line| line.starts_with("loljoa_audit"));
    let mut lines: Vec<_> =
        lines.map(|line| line.replace(",cell=\"0\"", "").replace("loljoa_service=\"account\"", "")).collect();
    lines.sort_unstable();
    lines
}

fn says(metrics: &Arc<Recorder>, expected: &str) -> bool {
    gauges_of(metrics).iter().any(|line| line == expected)
}

#[sqlx::test]
async fn the_gauges_say_what_is_so_and_who_says_it(pool: PgPool) {
    let (one, other) = (reconciler(&pool), reconciler(&pool));
    account(&pool, "faker").await;
    run(&pool, "UPDATE user_balances SET balance = balance - 5").await;
    run(&pool, "UPDATE system_balances SET balance = balance + 3").await;

    let (metrics, _guard) = recorder();
    assert!(!one.step_and_report().await);
    for expected in [
        "loljoa_audit_difference{,check=\"balances\"} 8.0",
        "loljoa_audit_difference{,check=\"sum\"} 2.0",
        "loljoa_audit_findings{} 2.0",
        "loljoa_audit_leading{} 1.0",
        "loljoa_audit_failing{} 0.0",
        "loljoa_audit_last_success_timestamp_seconds{} 1647432000.0",
    ] {
        assert!(says(metrics, expected), "{expected} is not in {:#?}", gauges_of(metrics));
    }

    // A step that fails is seen, and takes nothing back.
    let broken =
        Reconciler { pool: PgPool::connect_lazy("postgres://127.0.0.1:1/none").unwrap(), ..one.clone() };
    broken.pool.close().await;
    broken.step_and_report().await;
    assert!(says(metrics, "loljoa_audit_failing{} 1.0"), "{:#?}", gauges_of(metrics));
    assert!(says(metrics, "loljoa_audit_failures_total{} 1"));
    assert!(says(metrics, "loljoa_audit_findings{} 2.0"));

    // Another replica does not audit while this one does, and says nothing.
    other.step_and_report().await;
    assert!(says(metrics, "loljoa_audit_leading{} 0.0"));
    assert!(says(metrics, "loljoa_audit_findings{} 0.0"));
    assert!(says(metrics, "loljoa_audit_last_success_timestamp_seconds{} 0.0"));

    // When it takes over, it knows what was found, although nobody has touched that since.
    audit_step::release(&pool, one.replica).await.unwrap();
    other.step_and_report().await;
    assert!(says(metrics, "loljoa_audit_leading{} 1.0"));
    assert!(says(metrics, "loljoa_audit_findings{} 2.0"), "{:#?}", gauges_of(metrics));

    run(&pool, "UPDATE user_balances SET balance = balance + 5").await;
    run(&pool, "UPDATE system_balances SET balance = balance - 3").await;
    other.step_and_report().await;
    assert!(says(metrics, "loljoa_audit_findings{} 0.0"), "what is mended is forgotten");
    assert!(says(metrics, "loljoa_audit_difference{,check=\"balances\"} 0.0"));
}

#[sqlx::test]
async fn one_replica_audits_until_it_stops_or_is_lost(pool: PgPool) {
    let (one, other) = (reconciler(&pool), reconciler(&pool));
    assert!(matches!(one.step().await.unwrap(), Step::Compared { .. }));
    assert_eq!(other.step().await.unwrap(), Step::Elsewhere);
    run(&pool, "UPDATE audit_cursor SET held_until = now() - interval '1 second'").await;
    assert!(matches!(other.step().await.unwrap(), Step::Compared { .. }), "the first is lost");
    assert_eq!(one.step().await.unwrap(), Step::Elsewhere);

    let mut under_way = postgres::begin(&pool).await.unwrap();
    assert!(audit_step::take(&mut under_way, other.replica, other.lease()).await.unwrap().is_some());
    assert_eq!(other.step().await.unwrap(), Step::Elsewhere, "one step at a time");
}

/// Accounts that had a grant each and are folded and compared.
async fn quiet_accounts(pool: &PgPool, from: i32, to: i32) {
    let statements = [
        "INSERT INTO user_balances SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1000
            FROM generate_series($1, $2 - 1) n",
        "INSERT INTO audit_balances SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1000, false
            FROM generate_series($1, $2 - 1) n",
    ];
    for statement in statements {
        let mut unchecked = postgres::begin(pool).await.unwrap();
        sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *unchecked).await.unwrap();
        sqlx::query(statement).bind(from).bind(to).execute(&mut *unchecked).await.unwrap();
        unchecked.commit().await.unwrap();
    }
    sqlx::raw_sql("ANALYZE user_balances; ANALYZE audit_balances").execute(pool).await.unwrap();
}

/// The pages that a step after one transfer looks at.
async fn cost_of_a_step(pool: &PgPool, reconciler: &Reconciler, faker: AccountId) -> i64 {
    const PAGES: &str = "SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::bigint FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')";
    transfers::apply(pool, &[gift(faker)], 0).await.unwrap();
    let mut step = postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let before: i64 = sqlx::query_scalar(PAGES).fetch_one(&mut *step).await.unwrap();
    let made = reconciler.step_in(&mut step).await.unwrap();
    let after: i64 = sqlx::query_scalar(PAGES).fetch_one(&mut *step).await.unwrap();
    step.commit().await.unwrap();
    assert!(matches!(made, Step::Compared { more: false, .. }));
    after - before
}

#[sqlx::test]
async fn a_step_costs_the_same_however_many_accounts_there_are(pool: PgPool) {
    // With a small sample, so that it does not hide the rest.
    let reconciler = Reconciler { size: Size { chunk: CHUNK, sample: 20 }, ..reconciler(&pool) };
    let faker = account(&pool, "faker").await;
    differences(&reconciler).await;
    quiet_accounts(&pool, 0, 10_000).await;
    let among_few = cost_of_a_step(&pool, &reconciler, faker).await;
    quiet_accounts(&pool, 10_000, 500_000).await;
    let among_many = cost_of_a_step(&pool, &reconciler, faker).await;
    // Deeper indexes cost a page more for each look-up.
    assert!(among_many < among_few * 3, "{among_many} pages among many, {among_few} among few");
}
