use tokio::time;
use tonic::Code;

use super::{super::lost::Lost, freezer::Freezer, scripted::Scripted, *};
use crate::{Error, ErrorCode};

/// What is made out within this time was not waited for to its deadline.
const SOON: Duration = Duration::from_secs(30);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    time::timeout(SOON, work).await.expect("it was waited for to its deadline")
}

async fn answers_again(channel: &Channel) -> String {
    loop {
        match hello(channel).await {
            Ok(service) => return service,
            Err(_) => time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test]
async fn a_neighbour_that_hangs_is_found_out_and_left_alone_until_it_answers() {
    let stop = CancellationToken::new();
    let freezer = Freezer::before(replica("one", stop.clone()).await).await;
    let channel = connect(&upstream(freezer.address)).unwrap();
    assert_eq!(hello(&channel).await.unwrap(), "one");

    freezer.freeze();
    let waiting = OpsServiceClient::new(channel.clone()).hello(HelloRequest {}).await.unwrap_err();
    assert_eq!(Lost::of(&waiting), Some(Lost::Unknown), "it may have been done: {waiting}");
    for _ in 0..100 {
        let refused = soon(hello(&channel)).await.unwrap_err();
        assert_eq!(Lost::of(&refused), Some(Lost::Hangs), "{refused}");
        let error = Error::from(refused);
        assert_eq!((error.code, error.retry_after), (ErrorCode::Unavailable, Some(Duration::from_secs(1))));
    }

    freezer.thaw();
    assert_eq!(soon(answers_again(&channel)).await, "one");
    stop.cancel();
}

#[tokio::test]
async fn everybody_who_waits_for_a_neighbour_that_hangs_is_told_before_the_deadline() {
    let stop = CancellationToken::new();
    let freezer = Freezer::before(replica("one", stop.clone()).await).await;
    let channel = connect(&upstream(freezer.address)).unwrap();
    hello(&channel).await.unwrap();
    freezer.freeze();
    let waiting = futures::future::join_all((0..50).map(|_| hello(&channel)));
    for outcome in soon(waiting).await {
        assert_eq!(outcome.unwrap_err().code(), Code::Unavailable);
    }
    stop.cancel();
}

#[tokio::test]
async fn a_neighbour_that_was_never_there_to_answer_is_found_out_too() {
    // The kernel takes the connections of a process that hangs.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = connect(&upstream(listener.local_addr().unwrap())).unwrap();
    let first = soon(hello(&channel)).await.unwrap_err();
    assert_eq!(first.code(), Code::Unavailable);
    let refused = soon(hello(&channel)).await.unwrap_err();
    assert_eq!(Lost::of(&refused), Some(Lost::Hangs), "{refused}");
}

#[tokio::test]
async fn callers_with_less_patience_than_the_watch_find_it_out_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hasty = Upstream { timeout_ms: 20, ..upstream(listener.local_addr().unwrap()) };
    let channel = connect(&hasty).unwrap();
    let refused = async {
        loop {
            let status = hello(&channel).await.unwrap_err();
            if Lost::of(&status) == Some(Lost::Hangs) {
                return;
            }
            let waited = status.code() == Code::DeadlineExceeded || Lost::of(&status) == Some(Lost::Unknown);
            assert!(waited, "{status}");
        }
    };
    soon(refused).await;
}

#[tokio::test]
async fn of_two_replicas_the_one_that_hangs_is_left_out_while_the_other_answers() {
    let stop = CancellationToken::new();
    let (one, two) = (replica("one", stop.clone()).await, replica("two", stop.clone()).await);
    let freezer = Freezer::before(one).await;
    let (channel, resolver) = resolved(Duration::from_secs(1));
    resolver.apply(&HashSet::from([freezer.address, two]));
    assert_eq!(answering(&channel).await.len(), 2);

    freezer.freeze();
    assert_eq!(
        soon(answering(&channel)).await,
        HashSet::from(["two".to_owned()]),
        "calls are sent again there"
    );
    freezer.thaw();
    let back = async { while answers_again(&channel).await != "one" {} };
    soon(back).await;
    stop.cancel();
}

#[tokio::test]
async fn a_neighbour_that_is_slow_and_alive_is_waited_for() {
    let slow = Scripted::saying(|| Ok(()), Duration::from_secs(3)).await;
    let channel = connect(&upstream(slow.address)).unwrap();
    let (first, second) = tokio::join!(hello(&channel), hello(&channel));
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(slow.calls(), 2);
}

#[tokio::test]
async fn a_neighbour_that_is_not_there_is_tried_at_every_call() {
    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let channel = connect(&upstream(address)).unwrap();
    let status = soon(hello(&channel)).await.unwrap_err();
    assert_eq!(Lost::of(&status), Some(Lost::NotSent), "{status}");

    let listener = TcpListener::bind(address).await.unwrap();
    let (until, health) = (stop.clone(), Health::new("late"));
    tokio::spawn(async move {
        server::serve(
            &GrpcServer::default(),
            listener,
            health,
            false,
            tonic::service::Routes::default(),
            until,
        )
        .await
    });
    assert_eq!(hello(&channel).await.unwrap(), "late", "without waiting for anybody to look");
    stop.cancel();
}
