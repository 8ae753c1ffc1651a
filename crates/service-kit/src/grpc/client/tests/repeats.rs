use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::{scripted::Scripted, *};
use crate::{Caller, Error};

/// How often one call arrives at a service that answers it so.
async fn calls(answer: impl Fn() -> Status + Send + Sync + 'static) -> usize {
    let service = Scripted::saying(move || Err(answer()), Duration::ZERO).await;
    let channel = connect(&upstream(service.address)).unwrap();
    hello(&channel).await.unwrap_err();
    service.calls()
}

#[tokio::test]
async fn what_a_service_has_answered_is_asked_again_only_if_it_says_so() {
    assert_eq!(calls(|| Error::unavailable("the database does not answer").into()).await, 1);
    assert_eq!(calls(|| Error::exhausted("queue_full", "too many", Duration::from_secs(1)).into()).await, 1);
    assert_eq!(calls(|| Error::conflict("market_locked", "locked").into()).await, 1);
    assert_eq!(calls(|| Status::failed_precondition("locked")).await, 1);
    let stopping =
        || Error { retry_after: Some(Duration::from_millis(20)), ..Error::unavailable("stopping") };
    assert_eq!(calls(move || stopping().into()).await, 3);
}

#[tokio::test]
async fn what_nobody_has_looked_at_is_asked_again() {
    // As a proxy says it that finds no service.
    assert_eq!(calls(|| Status::unavailable("no healthy upstream")).await, 3);
}

#[tokio::test]
async fn what_cannot_be_repeated_is_made_once() {
    let service = Scripted::saying(|| Err(Status::unavailable("no healthy upstream")), Duration::ZERO).await;
    let channel = connect(&upstream(service.address)).unwrap();
    OpsServiceClient::new(channel).hello(sent_once(HelloRequest {})).await.unwrap_err();
    assert_eq!(service.calls(), 1);
}

#[tokio::test]
async fn a_budget_bounds_what_is_made_again() {
    const CALLS: usize = 1_000;
    let service = Scripted::saying(|| Err(Status::unavailable("no healthy upstream")), Duration::ZERO).await;
    // A thousand calls at once over one connection take their time.
    let patient = Upstream { silence_ms: 60_000, ..upstream(service.address) };
    let channel = connect(&patient).unwrap();
    futures::future::join_all((0..CALLS).map(|_| hello(&channel))).await;
    // A fifth, and a hundred in ten seconds; without a budget there would be twice as many more.
    let again = service.calls() - CALLS;
    assert!((1..=2 * (CALLS / 5 + 100)).contains(&again), "{again}");
}

#[tokio::test]
async fn the_time_that_is_left_goes_along_with_the_call() {
    let service = Scripted::saying(|| Ok(()), Duration::ZERO).await;
    let channel = connect(&upstream(service.address)).unwrap();
    hello(&channel).await.unwrap();
    let own = service.patience().unwrap();
    assert!(own <= LONG && own > LONG / 2, "{own:?}");

    let caller = Caller::waiting(Duration::from_secs(20), CancellationToken::new());
    caller.scope(hello(&channel)).await.unwrap();
    let left = service.patience().unwrap();
    assert!(left <= Duration::from_secs(20), "{left:?}");
}

#[tokio::test]
async fn a_caller_without_patience_ends_the_call_and_all_that_would_follow() {
    let service = Scripted::saying(|| Ok(()), LONG).await;
    let channel = connect(&upstream(service.address)).unwrap();
    let caller = Caller::waiting(Duration::from_millis(50), CancellationToken::new());
    let status = caller.scope(hello(&channel)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(service.calls(), 1);
}
