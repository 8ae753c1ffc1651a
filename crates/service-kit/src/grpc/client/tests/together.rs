//! Batches go where batches are.

use tokio::time;

use super::{scripted::Scripted, *};

const CALLS: usize = 20;

/// Two services that answer after `pause`, the one with the lesser address first, and a channel to both.
async fn two(pause: Duration) -> ([Scripted; 2], Channel, Resolver) {
    let mut services = [Scripted::saying(|| Ok(()), pause).await, Scripted::saying(|| Ok(()), pause).await];
    services.sort_by_key(|service| service.address);
    let (channel, resolver) = resolved(LONG);
    resolver.apply(&services.iter().map(|service| service.address).collect());
    (services, channel, resolver)
}

/// Who answers a batch.
async fn send(channel: &Channel) -> String {
    let answer = OpsServiceClient::new(channel.clone()).hello(batch(HelloRequest {})).await;
    answer.unwrap().into_inner().service
}

#[tokio::test]
async fn batches_meet_at_one_address_and_other_calls_are_spread() {
    let ([first, second], channel, _resolver) = two(Duration::ZERO).await;
    for _ in 0..CALLS {
        send(&channel).await;
    }
    assert_eq!((first.calls(), second.calls()), (CALLS, 0));
    // That all of so many fall on one address does not happen.
    for _ in 0..CALLS {
        hello(&channel).await.unwrap();
    }
    assert!(second.calls() > 0);
}

#[tokio::test]
async fn batches_meet_unless_none_is_answered_for_a_while() {
    let ([first, second], channel, _resolver) = two(Duration::from_secs(1)).await;
    let under_way = tokio::spawn({
        let channel = channel.clone();
        async move { tokio::join!(send(&channel), send(&channel)) }
    });
    while first.calls() < 2 {
        time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(second.calls(), 0);
    time::sleep(Duration::from_millis(400)).await;
    send(&channel).await;
    assert_eq!((first.calls(), second.calls()), (2, 1));
    under_way.await.unwrap();
}

#[tokio::test]
async fn where_batches_meet_nobody_has_to_be() {
    let stops = [CancellationToken::new(), CancellationToken::new()];
    let mut services = [
        (replica("one", stops[0].clone()).await, "one", &stops[0]),
        (replica("two", stops[1].clone()).await, "two", &stops[1]),
    ];
    services.sort_by_key(|(address, ..)| *address);
    let [(address, first, stop), (other, second, _)] = services;
    let (channel, resolver) = resolved(LONG);
    resolver.apply(&HashSet::from([address, other]));
    assert_eq!(send(&channel).await, first);
    stop.cancel();
    while std::net::TcpStream::connect(address).is_ok() {
        time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(send(&channel).await, second);
}

#[tokio::test]
async fn batches_are_spread_where_they_are_not_to_meet() {
    let ([first, second], mut channel, _resolver) = two(Duration::ZERO).await;
    let known = channel.neighbour.members.clone();
    channel.neighbour = Arc::new(Neighbour::new(channel.neighbour.names.clone(), known, false));
    for _ in 0..CALLS {
        send(&channel).await;
    }
    assert!(first.calls() > 0 && second.calls() > 0);
}
