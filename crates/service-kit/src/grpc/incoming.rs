//! Connections to a gRPC port: so many at once, from peers that speak and read.

use std::{io, sync::Arc, time::Duration};

use futures::{Stream, stream};
use tokio::{net::TcpListener, sync::Semaphore, time};

use crate::{config::GrpcServer, patient::Patient};

/// HTTP/2's preface and the head of the frame that follows. From then on its keep-alive tells whether the peer lives.
const OPENING: usize = 24 + 9;
/// Accepting fails when the process has no file descriptor left; it may have one again soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of `service` that come to `listener`; those for which there is no place wait in the kernel's queue.
pub(super) fn incoming(
    service: &'static str,
    listener: TcpListener,
    config: &GrpcServer,
) -> impl Stream<Item = io::Result<Patient>> + use<> {
    let places = Arc::new(Semaphore::new(config.max_connections));
    let (opening, write) = (config.opening_timeout(), config.write_timeout());
    stream::unfold(listener, move |listener| {
        let places = Arc::clone(&places);
        async move {
            let place = places.acquire_owned().await.ok()?;
            loop {
                match listener.accept().await {
                    Ok((socket, _)) => {
                        // A peer that is gone already shows when it is read from.
                        let _ = socket.set_nodelay(true);
                        let socket = Patient::new(service, socket, write, place).opened_by(OPENING, opening);
                        return Some((Ok(socket), listener));
                    }
                    Err(error) => {
                        tracing::warn!(
                            event = "connection.not_accepted",
                            %error, "a connection could not be accepted"
                        );
                        time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    })
}
