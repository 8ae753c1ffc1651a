//! One event stream that is listened to.
//!
//! Ten thousand of them run beside what they listen to, so each is a socket, what it has heard, and the part of an event whose
//! rest has not come yet: bytes are read into one place on the stack, and of an event only two fields are looked at.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};
use uuid::Uuid;

/// More than the first events of a match.
const AT_ONCE: usize = 8_192;
const FINE: &[u8] = b"HTTP/1.1 200 ";
const MARKET: &[u8] = b"market";

/// An update of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// When it was read.
    pub(super) at: Instant,
    /// All stakes that it tells of.
    pub(super) pool: i64,
}

/// What a listener has heard so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) updates: Vec<Update>,
    /// Why it hears no more.
    pub(super) broken: Option<String>,
}

/// Shared between a listener and whoever waits for it.
pub(super) type Ear = Arc<Mutex<Heard>>;

/// The part of a market's event that matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    market_id: Uuid,
    pool: i64,
}

/// An open stream.
pub(super) struct Listener {
    stream: TcpStream,
    lines: Lines,
    ear: Ear,
}

impl Listener {
    /// Asks for the stream with `request`, and waits until it tells how the market is now.
    pub(super) async fn open(address: SocketAddr, request: &[u8], market_id: Uuid) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let mut listener = Self { stream, lines: Lines::new(market_id), ear: Ear::default() };
        while listener.ear().lock().unwrap_or_else(PoisonError::into_inner).updates.is_empty() {
            listener.hear().await?;
        }
        Ok(listener)
    }

    pub(super) fn ear(&self) -> Ear {
        Arc::clone(&self.ear)
    }

    /// Listens until the stream breaks.
    pub(super) async fn listen(mut self) {
        loop {
            if let Err(error) = self.hear().await {
                let mut heard = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
                heard.broken = Some(error.to_string());
                return;
            }
        }
    }

    async fn hear(&mut self) -> io::Result<()> {
        self.stream.readable().await?;
        match self.take() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            taken => taken,
        }
    }

    fn take(&mut self) -> io::Result<()> {
        let mut bytes = [0; AT_ONCE];
        let length = self.stream.try_read(&mut bytes)?;
        if length == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the stream was ended"));
        }
        let at = Instant::now();
        let mut heard = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
        self.lines.read(&bytes[..length], |pool| heard.updates.push(Update { at, pool }))
    }
}

/// Reads events line by line. Lines of other events, of the head and of the transfer's chunks are left alone: an event is sent in
/// one chunk, so none of them is within a line of an event.
struct Lines {
    market_id: Uuid,
    begun: bool,
    is_market: bool,
    /// A line whose end has not come yet.
    rest: Vec<u8>,
}

impl Lines {
    const fn new(market_id: Uuid) -> Self {
        Self { market_id, begun: false, is_market: false, rest: Vec::new() }
    }

    fn read(&mut self, mut bytes: &[u8], mut told: impl FnMut(i64)) -> io::Result<()> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, after) = bytes.split_at(end);
            let mut rest = std::mem::take(&mut self.rest);
            let whole = if rest.is_empty() {
                line
            } else {
                rest.extend_from_slice(line);
                &rest
            };
            if let Some(pool) = self.line(whole)? {
                told(pool);
            }
            bytes = &after[1..];
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// The market's pool, where this line tells it.
    fn line(&mut self, line: &[u8]) -> io::Result<Option<i64>> {
        if !self.begun {
            self.begun = true;
            if !line.starts_with(FINE) {
                return Err(io::Error::other(String::from_utf8_lossy(line).trim_end().to_owned()));
            }
        }
        if let Some(name) = line.strip_prefix(b"event:") {
            self.is_market = name.trim_ascii() == MARKET;
        }
        let Some(data) = line.strip_prefix(b"data:").filter(|_| self.is_market) else { return Ok(None) };
        let market: Market = serde_json::from_slice(data).map_err(io::Error::other)?;
        Ok((market.market_id == self.market_id).then_some(market.pool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKET_ID: Uuid = Uuid::from_u128(7);

    fn sent() -> String {
        let market = |id: u128, pool: i64| {
            let id = Uuid::from_u128(id);
            format!(
                "event: market\ndata: {{\"marketId\":\"{id}\",\"pool\":{pool},\"outcomes\":[{{\"pool\":1}}]}}\n\n"
            )
        };
        let events = [
            "event: hello\ndata: {}\n\n".to_owned(),
            market(7, 0),
            market(8, 5),
            ": \n\n".into(),
            market(7, 300),
        ];
        let chunks = events.iter().map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        std::iter::once(head).chain(chunks).collect()
    }

    fn pools(pieces: &[&[u8]]) -> Vec<i64> {
        let (mut lines, mut pools) = (Lines::new(MARKET_ID), Vec::new());
        for piece in pieces {
            lines.read(piece, |pool| pools.push(pool)).unwrap();
        }
        pools
    }

    #[test]
    fn a_listener_hears_of_its_market_wherever_the_bytes_are_cut() {
        let sent = sent();
        for cut in 0..sent.len() {
            let (one, other) = sent.as_bytes().split_at(cut);
            assert_eq!(pools(&[one, other]), [0, 300], "{cut}");
        }
    }

    #[test]
    fn what_is_no_stream_breaks_the_listener() {
        let refused = b"HTTP/1.1 503 Service Unavailable\r\n";
        let error = Lines::new(MARKET_ID).read(refused, |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "HTTP/1.1 503 Service Unavailable");
        let cut = b"HTTP/1.1 200 OK\r\n\r\nevent: market\ndata: {\"marketId\":\n";
        assert!(Lines::new(MARKET_ID).read(cut, |_| {}).is_err());
    }
}
