//! Many who only look.

use futures::{StreamExt, future, stream::FuturesUnordered};
use loljoa_proto::account::v1::ListTransfersRequest;
use loljoa_service_kit::{Clock, postgres};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Service, config, noon, until_blocked};

#[sqlx::test]
async fn readers_who_are_stuck_keep_nobody_from_logging_in(pool: PgPool) {
    let mut config = config(&pool);
    (config.database.max_connections, config.reads.connections) = (2, 1);
    let service = Service::start_with(config, Clock::fixed(noon())).await;
    let faker = service.account("faker").await;
    let mut stranger = postgres::begin(&pool).await.unwrap();
    sqlx::query("LOCK TABLE transfers IN ACCESS EXCLUSIVE MODE").execute(&mut *stranger).await.unwrap();
    let look = async || {
        let request = ListTransfersRequest { account_id: faker.to_string(), ..Default::default() };
        service.accounts.clone().list_transfers(request).await
    };
    let mut readers: FuturesUnordered<_> = (0..3).map(|_| Box::pin(look())).collect();
    let log_in = Box::pin(async {
        until_blocked(&pool, 1).await;
        service.log_in("faker", PASSWORD, "home").await
    });
    match future::select(log_in, readers.next()).await {
        future::Either::Left((session, _)) => assert!(session.is_ok(), "{session:?}"),
        future::Either::Right((answer, _)) => panic!("readers are not stuck: {answer:?}"),
    }
    stranger.rollback().await.unwrap();
    while readers.next().await.is_some() {}
    drop(readers);
    service.stop().await;
}
