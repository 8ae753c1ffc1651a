//! One keep-alive connection, as lean as a client can be: it shares the machine with what it measures.

use std::{future::poll_fn, net::SocketAddr, pin::pin, task::Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The most of a refusal that is looked at.
const MOST_OF_A_REFUSAL: usize = 4_096;

/// What is sent.
pub type Body = Full<Bytes>;

/// An answer whose body has been read, and kept only when the request did not succeed.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body of a refusal.
    pub body: Vec<u8>,
    /// How long the body was. Bytes.
    pub length: u64,
}

/// A connection that is used for one request after the other.
pub(super) struct Wire {
    sender: SendRequest<Body>,
    connection: Connection<TokioIo<TcpStream>, Body>,
}

impl Wire {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("connect: {error}"))?;
        let opened = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| told(&error))?;
        Ok(Self { sender, connection })
    }

    /// Sends `request` and reads the whole answer. The connection is driven here and nowhere else, so that a request costs no
    /// change of task.
    pub(super) async fn ask(&mut self, request: Request<Body>) -> Result<Reply, String> {
        let Self { sender, connection } = self;
        let mut exchange = pin!(exchange(sender, request));
        let mut lost = None;
        poll_fn(|context| {
            if let Poll::Ready(reply) = exchange.as_mut().poll(context) {
                return Poll::Ready(reply);
            }
            if lost.is_none()
                && let Poll::Ready(end) = pin!(&mut *connection).poll(context)
            {
                lost = Some(end);
                // Its end wakes the exchange with an error of its own, or with the rest of the answer.
                return exchange.as_mut().poll(context);
            }
            // What the connection has read may be there for the exchange already.
            exchange.as_mut().poll(context)
        })
        .await
    }
}

async fn exchange(sender: &mut SendRequest<Body>, request: Request<Body>) -> Result<Reply, String> {
    sender.ready().await.map_err(|error| told(&error))?;
    let response = sender.send_request(request).await.map_err(|error| told(&error))?;
    let (head, mut rest) = response.into_parts();
    let (mut body, mut length) = (Vec::new(), 0);
    while let Some(frame) = rest.frame().await {
        let frame = frame.map_err(|error| told(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len() as u64;
        if !head.status.is_success() && body.len() < MOST_OF_A_REFUSAL {
            body.extend_from_slice(data);
        }
    }
    Ok(Reply { status: head.status, headers: head.headers, body, length })
}

fn told(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
