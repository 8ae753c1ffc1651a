//! Ids and points across a turn of the year.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::future::join_all;
use loljoa_account::MIGRATOR;
use loljoa_proto::account::v1::{Transfer, TransferKind, TransferOutcome as Outcome};
use loljoa_service_kit::{AccountId, MarketId, ids, postgres};
use sqlx::{AssertSqlSafe, PgPool, migrate::Migrator};

use crate::harness::{Bet, Service, assert_ledger_is_clean, config, eventually, gift, give, until_blocked};

/// The schema's last version without periods.
const WITHOUT_PERIODS: i64 = 25;

async fn current(pool: &PgPool) -> i32 {
    sqlx::query_scalar("SELECT period FROM periods WHERE ended_at IS NULL").fetch_one(pool).await.unwrap()
}

/// Tries to begin the next period; tells whether it has begun.
async fn try_turn(pool: &PgPool) -> bool {
    let turned = sqlx::query_scalar("SELECT begin_period(period + 1) FROM periods WHERE ended_at IS NULL");
    match turned.fetch_one(pool).await {
        Ok(turned) => turned,
        Err(error) => {
            assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("55P03"), "{error}");
            false
        }
    }
}

async fn turn(pool: &PgPool) {
    eventually(async || try_turn(pool).await.then_some(())).await;
}

async fn period_of(pool: &PgPool, transfer: &Transfer) -> i32 {
    sqlx::query_scalar("SELECT period FROM transfers WHERE transfer_id = $1::uuid")
        .bind(&transfer.transfer_id)
        .fetch_one(pool)
        .await
        .unwrap()
}

/// A closing under an id of its own.
fn renamed(closing: Transfer) -> Transfer {
    Transfer { transfer_id: ids::fresh().to_string(), ..closing }
}

#[sqlx::test]
async fn a_transfer_of_the_period_before_counts_once_and_its_id_stays_taken(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    let bet = Bet::new(faker, MarketId::fresh(), 100);
    let refused = Bet::new(faker, bet.market, 100);
    assert_eq!(
        service.apply(&[bet.stake(), refused.tombstone()]).await,
        [Outcome::Applied, Outcome::StakeMissing]
    );
    turn(&pool).await;
    let other = Bet { account: keria, ..bet };
    let again = [bet.stake(), other.stake(), refused.stake(), Bet::new(faker, bet.market, 1).stake()];
    let expected = [Outcome::AlreadyApplied, Outcome::Conflict, Outcome::StakeRevoked, Outcome::Applied];
    assert_eq!(service.apply(&again).await, expected);
    assert_eq!(period_of(&pool, &again[3]).await, current(&pool).await);
    assert_eq!(period_of(&pool, &again[0]).await, current(&pool).await - 1);
    assert_eq!(service.look(keria).await.points, 1_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn what_was_staked_in_the_period_before_is_closed_once(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, market) = (service.account("faker").await, MarketId::fresh());
    let stake = || Bet::new(faker, market, 100);
    let (closed, paid, refunds) =
        (stake(), stake(), [TransferKind::Cancel, TransferKind::Void, TransferKind::Tombstone]);
    service.apply(&[closed.stake(), closed.cancel(), paid.stake()]).await;
    let refunds: Vec<_> = refunds.into_iter().map(|kind| stake().close(kind, 100)).collect();
    let stakes = refunds.iter().map(|refund| Transfer {
        transfer_id: refund.closes_transfer_id.clone(),
        kind: TransferKind::Stake.into(),
        closes_transfer_id: String::new(),
        ..refund.clone()
    });
    service.apply(&stakes.collect::<Vec<_>>()).await;
    turn(&pool).await;
    assert_eq!(
        service.apply_one(&renamed(closed.cancel())).await,
        Outcome::Conflict,
        "closed in the period before"
    );
    assert_eq!(service.apply_one(&paid.payout(100)).await, Outcome::Applied);
    assert_eq!(service.apply_one(&renamed(paid.cancel())).await, Outcome::Conflict, "closed in this period");
    for refund in &refunds {
        assert_eq!(service.apply_one(refund).await, Outcome::Applied);
        assert_eq!(service.apply_one(refund).await, Outcome::AlreadyApplied);
    }
    assert!(service.record(paid, 100).await);
    turn_again(&pool).await;
    assert!(!service.record(paid, 100).await, "in the period before");
    assert_eq!(service.apply_one(&paid.correction(7)).await, Outcome::Applied, "two periods after the stake");
    let account = service.look(faker).await;
    assert_eq!((account.points, account.staked, account.profit), (1_007, 0, 7));
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

async fn turn_again(pool: &PgPool) {
    let prepare = "SELECT prepare_period(period + 1) FROM periods WHERE ended_at IS NULL";
    assert!(sqlx::query_scalar::<_, bool>(prepare).fetch_one(pool).await.unwrap());
    turn(pool).await;
}

#[sqlx::test]
async fn no_period_begins_while_somebody_writes_in_the_one_before(pool: PgPool) {
    let service = Service::start(&pool).await;
    let (faker, keria) = (service.account("faker").await, service.account("keria").await);
    let bet = Bet::new(faker, MarketId::fresh(), 300);
    let mut slow = postgres::begin(&pool).await.unwrap();
    let applied: String = sqlx::query_scalar(
        "SELECT (apply_transfers(ARRAY[$1], ARRAY['stake'::transfer_kind], ARRAY[$2], ARRAY[$3], ARRAY[$4],
            ARRAY[300::bigint], ARRAY['request'::bytea], ARRAY[NULL::uuid], 0::smallint))[1]::text",
    )
    .bind(bet.id.stake_transfer())
    .bind(bet.account)
    .bind(bet.market)
    .bind(bet.id)
    .fetch_one(&mut *slow)
    .await
    .unwrap();
    assert_eq!(applied, "applied");
    assert!(!try_turn(&pool).await, "the stake would be seen by nobody who writes in the next one");
    slow.commit().await.unwrap();
    turn(&pool).await;
    assert_eq!(service.apply_one(&Bet { account: keria, ..bet }.stake()).await, Outcome::Conflict);
    assert_eq!(service.look(keria).await.points, 1_000);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn who_waits_for_a_period_to_begin_writes_in_it_and_sees_the_one_before(pool: PgPool) {
    let service = Service::start(&pool).await;
    let faker = service.account("faker").await;
    let (before, after) = (Bet::new(faker, MarketId::fresh(), 100), Bet::new(faker, MarketId::fresh(), 100));
    let mut turning = postgres::begin(&pool).await.unwrap();
    let begin = "SELECT begin_period(period + 1) FROM periods WHERE ended_at IS NULL";
    // The stake comes between the look of whoever turns and its lock.
    service.apply_one(&before.stake()).await;
    assert!(sqlx::query_scalar::<_, bool>(begin).fetch_one(&mut *turning).await.unwrap());
    let batch = [before.stake(), after.stake()];
    let (outcomes, ()) = tokio::join!(service.apply(&batch), async {
        until_blocked(&pool, 1).await;
        turning.commit().await.unwrap();
    });
    assert_eq!(outcomes, [Outcome::AlreadyApplied, Outcome::Applied]);
    assert_eq!(period_of(&pool, &batch[1]).await, period_of(&pool, &batch[0]).await + 1);
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

/// Bets again and again, each also a second time, until two rounds after the turn.
async fn bet_over_the_turn(
    service: &Service,
    account: AccountId,
    turned: &AtomicBool,
) -> HashMap<String, usize> {
    let (mut applied, mut rounds_left, mut last) = (HashMap::new(), 2, Vec::new());
    while rounds_left > 0 {
        if turned.load(Ordering::SeqCst) {
            rounds_left -= 1;
        }
        let fresh = Bet::new(account, MarketId::fresh(), 1);
        let mut batch = vec![fresh.stake(), fresh.cancel()];
        batch.append(&mut last);
        for (transfer, outcome) in batch.iter().zip(service.apply(&batch).await) {
            match outcome {
                Outcome::Applied => *applied.entry(transfer.transfer_id.clone()).or_default() += 1,
                Outcome::AlreadyApplied => {}
                other => panic!("{other:?}"),
            }
        }
        last = batch;
        last.truncate(20);
    }
    applied
}

#[sqlx::test]
async fn a_turn_amid_many_writers_applies_each_id_once(pool: PgPool) {
    let service = Service::start(&pool).await;
    let names = (0..8).map(|n| format!("bettor_{n}")).collect::<Vec<_>>();
    let accounts: Vec<AccountId> = join_all(names.iter().map(|name| service.account(name))).await;
    let turned = AtomicBool::new(false);
    let writers = join_all(accounts.iter().map(|account| bet_over_the_turn(&service, *account, &turned)));
    let turner = async {
        eventually(async || {
            let written: bool =
                sqlx::query_scalar("SELECT count(*) > 100 FROM transfers WHERE kind = 'stake'")
                    .fetch_one(&pool)
                    .await
                    .unwrap();
            written.then_some(())
        })
        .await;
        turn(&pool).await;
        turned.store(true, Ordering::SeqCst);
    };
    let (applied, ()) = tokio::join!(writers, turner);
    let applied: HashMap<_, _> = applied.into_iter().flatten().collect();
    assert!(applied.values().all(|times| *times == 1));
    let written: Vec<(i32, i64)> = sqlx::query_as(
        "SELECT period, count(*) FROM transfers WHERE kind <> 'signup_grant' GROUP BY period ORDER BY period",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(written.len(), 2, "both periods were written in");
    assert_eq!(written.iter().map(|(_, rows)| usize::try_from(*rows).unwrap()).sum::<usize>(), applied.len());
    assert_ledger_is_clean(&pool).await;
    service.stop().await;
}

#[sqlx::test]
async fn a_service_turns_the_year_by_itself(pool: PgPool) {
    let year = current(&pool).await;
    for statement in ["UPDATE periods SET period = period - 1", "SELECT prepare_period(period) FROM periods"]
    {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let replicas = [Service::start(&pool).await, Service::start(&pool).await];
    eventually(async || (current(&pool).await == year).then_some(())).await;
    let faker = replicas[0].account("faker").await;
    let grant = gift(faker, 1);
    give(&pool, &grant).await;
    assert_eq!(period_of(&pool, &grant).await, year);
    for replica in replicas {
        replica.stop().await;
    }
    let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM periods").fetch_one(&pool).await.unwrap();
    assert_eq!(begun, 2);
}

#[sqlx::test]
async fn no_partition_is_ever_changed(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.account("faker").await;
    let year = current(&pool).await;
    for partition in [year, year + 1]
        .into_iter()
        .flat_map(|year| [format!("transfers_{year}"), format!("bet_results_{year}")])
    {
        for statement in [
            format!("UPDATE {partition} SET created_at = now()"),
            format!("DELETE FROM {partition}"),
            format!("TRUNCATE {partition}"),
        ] {
            let refused = sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap_err();
            let message = format!("{partition} is append-only");
            assert_eq!(refused.as_database_error().unwrap().message(), message);
        }
    }
    service.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_was_written_before_there_were_periods_is_all_there(pool: PgPool) {
    let before = MIGRATOR.iter().filter(|migration| migration.version <= WITHOUT_PERIODS).cloned().collect();
    Migrator::with_migrations(before).run(&pool).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO users SELECT gen_random_uuid(), n, n, '', 'user', now()
            FROM (SELECT 'bettor_' || generate_series(1, 50)) names (n);
        INSERT INTO user_balances SELECT account_id FROM users;
        SELECT apply_transfers(array_agg(account_id), array_agg('signup_grant'::transfer_kind), array_agg(account_id),
            array_agg(NULL::uuid), array_agg(NULL::uuid), array_agg(1000::bigint), array_agg('grant'::bytea),
            array_agg(NULL::uuid), 0::smallint) FROM users;
        CREATE TABLE placed AS SELECT gen_random_uuid() AS bet, gen_random_uuid() AS stake, account_id AS account,
            '6f000000-0000-0000-0000-000000000000'::uuid AS market FROM users;
        SELECT apply_transfers(array_agg(stake), array_agg('stake'::transfer_kind), array_agg(account), array_agg(market),
            array_agg(bet), array_agg(100::bigint), array_agg('bet'::bytea), array_agg(NULL::uuid), 0::smallint) FROM placed;
        SELECT record_results(array_agg(bet), array_agg(stake), array_agg(account), array_agg(market),
            array_agg(100::bigint), array_agg(0::bigint)) FROM (SELECT * FROM placed LIMIT 20) lost",
    )
    .execute(&pool)
    .await
    .unwrap();
    loljoa_account::migrate(&config(&pool).database).await.unwrap();

    let kept: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM transfers), (SELECT count(*) FROM bet_results), (SELECT count(*) FROM periods)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(kept, (100, 20, 1));
    assert_ledger_is_clean(&pool).await;
    // What was sent before is sent again, and the bets that are open are cancelled.
    let again: Vec<(String, i64)> = sqlx::query_as(
        "SELECT outcome::text, count(*) FROM (
            SELECT unnest(apply_transfers(array_agg(stake), array_agg('stake'::transfer_kind), array_agg(account),
                array_agg(market), array_agg(bet), array_agg(100::bigint), array_agg('bet'::bytea),
                array_agg(NULL::uuid), 0::smallint)) AS outcome FROM placed
            UNION ALL
            SELECT unnest(apply_transfers(array_agg(gen_random_uuid()), array_agg('cancel'::transfer_kind),
                array_agg(account), array_agg(market), array_agg(bet), array_agg(100::bigint), array_agg('bet'::bytea),
                array_agg(stake), 0::smallint)) FROM placed
        ) outcomes GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = [("already_applied", 50), ("applied", 30), ("conflict", 20)];
    assert_eq!(again, expected.map(|(outcome, times)| (outcome.to_owned(), times)));
    turn(&pool).await;
    assert_ledger_is_clean(&pool).await;
    let service = Service::start(&pool).await;
    let bet = Bet::new(service.account("faker").await, MarketId::fresh(), 300);
    assert_eq!(service.apply(&[bet.stake(), bet.cancel()]).await, [Outcome::Applied; 2]);
    service.stop().await;
    assert_ledger_is_clean(&pool).await;
}
