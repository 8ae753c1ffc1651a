//! What the ledger does not do for its callers, whoever they are.

use loljoa_proto::account::v1::{Transfer, TransferKind, TransferOutcome as Outcome};
use loljoa_service_kit::{AccountId, MarketId, ids, postgres};
use sqlx::{PgPool, migrate::Migrator};

use crate::harness::{Bet, Service, assert_ledger_is_clean, config, gift, give, until_blocked};

/// The last migration before markets were bounded, and the one from which on batches count what is staked.
const UNBOUNDED: i64 = 34;
const COUNTING: i64 = 35;

/// Somebody with 1,000 points who bets them.
async fn staked(service: &Service, username: &str, market: MarketId, stake: i64) -> Bet {
    let bet = Bet::new(service.account(username).await, market, stake);
    assert_eq!(service.apply_one(&bet.stake()).await, Outcome::Applied);
    bet
}

#[sqlx::test]
async fn nobody_is_granted_points_on_request(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let daily = gift(faker, 500);
    let signup = Transfer {
        transfer_id: ids::fresh().to_string(),
        kind: TransferKind::SignupGrant.into(),
        ..daily.clone()
    };
    let (before, after) = (Bet::new(faker, market, 10).stake(), Bet::new(faker, market, 20).stake());
    let answer = service.answer_to(&[before, daily, signup, after]).await.unwrap();
    let outcomes: Vec<_> = answer.outcomes().collect();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Forbidden, Outcome::Forbidden, Outcome::Applied]);
    let reasons: Vec<_> = answer.refusals.iter().map(|it| (it.index, it.reason.as_str())).collect();
    assert_eq!(reasons, [(1, "kind_forbidden"), (2, "kind_forbidden")]);
    assert_eq!(service.look(faker).await.points, 970);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_market_pays_what_it_holds_and_refuses_the_payment_that_is_more(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (market, other) = (MarketId::fresh(), MarketId::fresh());
    let (one, two) =
        (staked(&service, "faker", market, 300).await, staked(&service, "keria", market, 200).await);
    let elsewhere = staked(&service, "zeus", other, 100).await;
    // One more than the pool; its neighbours, of this and of another market, are paid.
    let outcomes = service.apply(&[one.payout(501), elsewhere.payout(100), two.payout(500)]).await;
    assert_eq!(outcomes, [Outcome::InsufficientPoints, Outcome::Applied, Outcome::Applied]);
    assert_eq!(service.apply_one(&one.payout(1)).await, Outcome::InsufficientPoints, "the pool is empty");
    assert_eq!(service.apply_one(&two.payout(500)).await, Outcome::AlreadyApplied);
    let late = Bet::new(one.account, market, 7);
    assert_eq!(service.apply_one(&late.stake()).await, Outcome::Applied);
    assert_eq!(
        service.apply_one(&one.cancel()).await,
        Outcome::InsufficientPoints,
        "a refund is bounded too"
    );
    assert_eq!(
        service.apply(&[late.payout(8), late.payout(7)]).await,
        [Outcome::InsufficientPoints, Outcome::Applied]
    );
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

/// Pays on a connection of the test's own, so that the test decides when it commits.
async fn pay_on(connection: &mut sqlx::PgConnection, bet: Bet, points: i64, stripe: i16) -> String {
    sqlx::query_scalar(
        "SELECT (apply_transfers(ARRAY[$1], ARRAY['payout'::transfer_kind], ARRAY[$2], ARRAY[$3], ARRAY[$4],
            ARRAY[$5::bigint], ARRAY['request'::bytea], ARRAY[$6], $7))[1]::text",
    )
    .bind(bet.id.closing_transfer())
    .bind(bet.account)
    .bind(bet.market)
    .bind(bet.id)
    .bind(points)
    .bind(bet.id.stake_transfer())
    .bind(stripe)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[sqlx::test]
async fn two_payments_of_one_pool_at_once_do_not_both_get_the_last_points(pool: PgPool) {
    let service = Service::start(&pool).await;
    let market = MarketId::fresh();
    let (one, two) =
        (staked(&service, "faker", market, 300).await, staked(&service, "keria", market, 200).await);
    // Other accounts, and other stripes: no row that the two have in common. Nobody else writes these stripes.
    let mut first = postgres::begin(&pool).await.unwrap();
    assert_eq!(pay_on(&mut first, one, 400, 16).await, "applied");
    let mut second = postgres::begin(&pool).await.unwrap();
    let (outcome, ()) = tokio::join!(pay_on(&mut second, two, 400, 17), async {
        until_blocked(&pool, 1).await;
        // A stake of the same market waits for neither.
        let late = Bet::new(service.account("oner").await, market, 100);
        assert_eq!(service.apply_one(&late.stake()).await, Outcome::Applied);
        first.commit().await.unwrap();
    });
    second.commit().await.unwrap();
    assert_eq!(outcome, "insufficient_points", "of 600 points 400 are paid");
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn the_database_has_the_last_word_on_a_pool(pool: PgPool) {
    let service = Service::start(&pool).await;
    let bet = staked(&service, "faker", MarketId::fresh(), 300).await;
    let refused = |statement: &'static str| {
        let (pool, market) = (pool.clone(), bet.market);
        async move {
            let error = sqlx::query(statement).bind(market).execute(&pool).await.unwrap_err();
            error.as_database_error().unwrap().message().to_owned()
        }
    };
    let expected = format!("market {} would give more than it holds", bet.market);
    for statement in [
        "UPDATE system_balances SET balance = balance - 301 WHERE ledger_id = $1",
        "INSERT INTO system_balances (ledger_id, stripe, balance) VALUES ($1, 16, -301)",
        "UPDATE system_balances SET cover = cover - 301 WHERE ledger_id = $1",
        "INSERT INTO system_balances (ledger_id, stripe, balance, cover) VALUES ($1, 16, 0, -301)",
    ] {
        assert_eq!(refused(statement).await, expected, "{statement}");
    }
    // One stripe may be below zero as long as the pool is not; and the house may always be.
    sqlx::query("INSERT INTO system_balances (ledger_id, stripe, balance) VALUES ($1, 16, -300)")
        .bind(bet.market)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE system_balances SET balance = balance - 1 WHERE ledger_id = house()")
        .execute(&pool)
        .await
        .unwrap();
    service.stop().await;
}

#[sqlx::test]
async fn the_house_corrects_a_bet_that_has_ended_once_and_within_its_market(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (market, rich) = (MarketId::fresh(), MarketId::fresh());
    let (lost, void) =
        (staked(&service, "faker", market, 300).await, staked(&service, "keria", market, 200).await);
    staked(&service, "zeus", rich, 1_000).await;
    let conflicts = [lost.correction(1), Transfer { market_id: rich.to_string(), ..lost.correction(1) }];
    assert_eq!(service.apply(&conflicts).await, [Outcome::Conflict; 2], "it has not ended");
    assert!(service.record(lost, 0).await);
    assert_eq!(service.apply_one(&void.close(TransferKind::Void, 200)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&conflicts[1]).await, Outcome::Conflict, "it is of another market");
    let renamed = Transfer { transfer_id: ids::fresh().to_string(), ..lost.correction(1) };
    assert_eq!(service.apply_one(&renamed).await, Outcome::Malformed, "a bet has one correction");

    assert_eq!(service.apply_one(&lost.correction(501)).await, Outcome::LimitExceeded, "500 were staked");
    assert_eq!(service.apply_one(&lost.correction(400)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&void.correction(101)).await, Outcome::LimitExceeded, "100 are left");
    assert_eq!(service.apply_one(&lost.correction(400)).await, Outcome::AlreadyApplied);
    assert_eq!(service.apply_one(&lost.correction(1)).await, Outcome::Conflict);
    assert_eq!(service.apply_one(&void.correction(100)).await, Outcome::Applied);
    let (faker, keria) = (service.look(lost.account).await, service.look(void.account).await);
    assert_eq!((faker.points, keria.points), (1_100, 1_100));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

/// What was staked before markets were bounded.
async fn before(pool: &PgPool, account: AccountId, bet: Bet) {
    for statement in [
        "INSERT INTO users SELECT $1, 'faker', 'faker', '', 'user', now()",
        "INSERT INTO user_balances (account_id) VALUES ($1)",
    ] {
        sqlx::query(statement).bind(account).execute(pool).await.unwrap();
    }
    assert_eq!(give(pool, &gift(account, 1_000)).await, Outcome::Applied);
    sqlx::query(
        "SELECT apply_transfers(ARRAY[$1], ARRAY['stake'::transfer_kind], ARRAY[$2], ARRAY[$3], ARRAY[$4],
            ARRAY[$5::bigint], ARRAY['request'::bytea], ARRAY[NULL::uuid], 3::smallint)",
    )
    .bind(bet.id.stake_transfer())
    .bind(account)
    .bind(bet.market)
    .bind(bet.id)
    .bind(bet.stake)
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrations = false)]
async fn what_was_staked_before_the_bounds_counts_and_a_pool_below_zero_keeps_nobody_out(pool: PgPool) {
    let up_to = |last| {
        let migrations = loljoa_account::MIGRATOR.iter().filter(move |migration| migration.version <= last);
        Migrator::with_migrations(migrations.cloned().collect())
    };
    up_to(UNBOUNDED).run(&pool).await.unwrap();
    let (account, broken) = (AccountId::fresh(), MarketId::fresh());
    let bet = Bet::new(account, MarketId::fresh(), 200);
    before(&pool, account, bet).await;
    up_to(COUNTING).run(&pool).await.unwrap();
    // A batch that was under way meanwhile ends as it began.
    sqlx::query(
        "INSERT INTO transfers (transfer_id, kind, account_id, market_id, bet_id, points, fingerprint, created_at)
         SELECT gen_random_uuid(), 'stake', $1, market_id, gen_random_uuid(), 100, 'late', now()
         FROM transfers WHERE kind = 'stake'",
    )
    .bind(account)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("UPDATE system_balances SET balance = balance + 100 WHERE ledger_id = $1")
        .bind(bet.market)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO system_balances VALUES ($1, 0, -50)").bind(broken).execute(&pool).await.unwrap();
    loljoa_account::migrate(&config(&pool).database).await.unwrap();

    let service = Service::start(&pool).await;
    assert!(service.record(bet, 0).await);
    assert_eq!(service.apply_one(&bet.correction(301)).await, Outcome::LimitExceeded);
    assert_eq!(service.apply_one(&bet.correction(300)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&bet.payout(300)).await, Outcome::Applied);
    let late = Bet::new(account, broken, 60);
    assert_eq!(service.apply_one(&late.stake()).await, Outcome::Applied);
    assert_eq!(
        service.apply(&[late.payout(11), late.payout(10)]).await,
        [Outcome::InsufficientPoints, Outcome::Applied]
    );
    service.stop().await;
}
