use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, copy_bidirectional},
    net::TcpStream,
};
use tokio_util::task::AbortOnDropHandle;

use super::{super::lost::Lost, scripted::Scripted, *};
use crate::{Error, ErrorCode};

/// The way to `server`, on which the first connections are lost as soon as a call has gone over them.
async fn breaking(server: SocketAddr, breaks: usize) -> (SocketAddr, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let taken = AtomicUsize::new(0);
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            if taken.fetch_add(1, Ordering::SeqCst) < breaks {
                tokio::spawn(break_off(client));
            } else {
                let mut server = TcpStream::connect(server).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
            }
        }
    });
    (address, AbortOnDropHandle::new(task))
}

/// What comes before the first call on a connection is shorter than this, and with the call it is longer.
const WITH_A_CALL: usize = 120;

/// Takes a call, and resets the connection.
async fn break_off(mut client: TcpStream) {
    let (mut taken, mut bytes) = (0, [0; 8_192]);
    while taken < WITH_A_CALL {
        taken += client.read(&mut bytes).await.unwrap();
    }
    client.set_zero_linger().unwrap();
}

#[tokio::test]
async fn a_lost_connection_is_no_answer_and_no_mistake_of_ours() {
    let service = Scripted::saying(|| Ok(()), Duration::ZERO).await;
    let (address, _task) = breaking(service.address, 1).await;
    let channel = connect(&upstream(address)).unwrap();
    let status = OpsServiceClient::new(channel).hello(HelloRequest {}).await.unwrap_err();
    assert_eq!(Lost::of(&status), Some(Lost::Unknown), "{status}");
    let error = Error::from(status);
    assert_eq!((error.code, error.retry_after), (ErrorCode::Unavailable, Some(Duration::from_secs(1))));
}

#[tokio::test]
async fn what_can_be_repeated_outlives_a_lost_connection() {
    let service = Scripted::saying(|| Ok(()), Duration::ZERO).await;
    let (address, _task) = breaking(service.address, 2).await;
    let channel = connect(&upstream(address)).unwrap();
    hello(&channel).await.unwrap();
}
