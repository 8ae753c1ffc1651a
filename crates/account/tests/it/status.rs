//! What anybody may ask about the ledger: every replica says the same.

use loljoa_account::Config;
use loljoa_proto::account::v1::{GetStatusRequest, GetStatusResponse};
use loljoa_service_kit::Clock;
use sqlx::PgPool;

use crate::harness::{Service, config, eventually, noon};

/// Two replicas, of which one audits every second.
async fn two(pool: &PgPool) -> [Service; 2] {
    let config = || {
        let mut config: Config = config(pool);
        config.audit.every_seconds = 1;
        config
    };
    let clock = || Clock::fixed(noon());
    [Service::start_with(config(), clock()).await, Service::start_with(config(), clock()).await]
}

async fn status(service: &Service) -> GetStatusResponse {
    service.accounts.clone().get_status(GetStatusRequest {}).await.unwrap().into_inner()
}

/// Waits until both replicas show so many differences.
async fn until_differences(replicas: &[Service; 2], differences: i64) {
    for replica in replicas {
        eventually(async || (status(replica).await.differences == differences).then_some(())).await;
    }
}

#[sqlx::test]
async fn a_difference_is_told_by_every_replica_until_it_is_mended(pool: PgPool) {
    let replicas = two(&pool).await;
    replicas[0].account("faker").await;
    let first = eventually(async || status(&replicas[1]).await.audited_at).await;
    until_differences(&replicas, 0).await;
    for (change, back) in [
        ("UPDATE user_balances SET balance = balance + 7", "UPDATE user_balances SET balance = balance - 7"),
        (
            "INSERT INTO system_balances (ledger_id, stripe, balance, cover) VALUES (gen_random_uuid(), 0, 0, 5)",
            "DELETE FROM system_balances WHERE cover = 5",
        ),
    ] {
        sqlx::query(change).execute(&pool).await.unwrap();
        until_differences(&replicas, 1).await;
        sqlx::query(back).execute(&pool).await.unwrap();
        until_differences(&replicas, 0).await;
    }
    let last = status(&replicas[0]).await;
    let seconds = |time: prost_types::Timestamp| time.seconds;
    assert!(last.audited_at.map(seconds) > Some(first.seconds), "{last:?} follows {first:?}");
    for replica in replicas {
        replica.stop().await;
    }
}

#[sqlx::test]
async fn an_audit_grows_old_when_nobody_audits(pool: PgPool) {
    let service = Service::start(&pool).await;
    eventually(async || status(&service).await.audited_at).await;
    // Whoever holds the lease, it is nobody who would go on.
    let held = "UPDATE audit_cursor SET holder = gen_random_uuid(), held_until = 'infinity',
        succeeded_at = succeeded_at - interval '10 minutes'";
    sqlx::query(held).execute(&pool).await.unwrap();
    let age_ms = status(&service).await.audit_age_ms;
    assert!((600_000..660_000).contains(&age_ms), "{age_ms} ms");
    sqlx::query("UPDATE audit_cursor SET succeeded_at = NULL").execute(&pool).await.unwrap();
    assert_eq!(status(&service).await, GetStatusResponse::default(), "never is told as such");
    service.stop().await;
}
