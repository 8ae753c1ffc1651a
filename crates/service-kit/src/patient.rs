//! A socket whose peer is waited for, but not for ever.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{self, Sleep},
};

use crate::metrics;

type Timer = Pin<Box<Sleep>>;

/// A socket that fails with [`io::ErrorKind::TimedOut`] when its peer leaves what was sent unread for too long, or does not
/// begin to speak. Either counts as a connection that was dropped.
#[derive(Debug)]
pub struct Patient {
    socket: TcpStream,
    /// Whose connection it is, in metrics.
    service: &'static str,
    write_timeout: Duration,
    /// Runs while the peer takes nothing.
    unread: Option<Timer>,
    opening: Option<Opening>,
    /// Whether that was counted.
    given_up: bool,
    _place: OwnedSemaphorePermit,
}

/// What the peer has to send first.
#[derive(Debug)]
struct Opening {
    bytes: usize,
    until: Timer,
}

impl Patient {
    /// A connection of `service`, which gives up a write of which nothing is taken for `write_timeout`. `place` is held as
    /// long as the socket.
    #[must_use]
    pub const fn new(
        service: &'static str,
        socket: TcpStream,
        write_timeout: Duration,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { socket, service, write_timeout, unread: None, opening: None, given_up: false, _place: place }
    }

    /// Gives up unless the first `bytes` have come `within` this time.
    #[must_use]
    pub fn opened_by(self, bytes: usize, within: Duration) -> Self {
        Self { opening: Some(Opening { bytes, until: Box::pin(time::sleep(within)) }), ..self }
    }

    /// The end of a peer's time, which counts once.
    fn give_up(&mut self, reason: &'static str, said: &'static str) -> io::Error {
        if !self.given_up {
            self.given_up = true;
            metrics::connection_dropped(self.service, reason);
        }
        io::Error::new(io::ErrorKind::TimedOut, said)
    }

    /// Takes note of how a write went, and ends it when nobody has read for too long.
    fn noted<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let timeout = self.write_timeout;
        let unread = self.unread.get_or_insert_with(|| Box::pin(time::sleep(timeout)));
        match unread.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                // What was not read in time is not kept for later by the kernel either.
                let _ = self.socket.set_zero_linger();
                Poll::Ready(Err(self.give_up("unread", "the peer does not read")))
            }
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        let Some(opening) = &mut self.opening else { return read };
        opening.bytes = opening.bytes.saturating_sub(buffer.filled().len() - before);
        if opening.bytes == 0 {
            self.opening = None;
        } else if read.is_pending() && opening.until.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(self.give_up("silent", "the peer does not speak")));
        }
        read
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, buffer);
        self.noted(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, buffers);
        self.noted(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl tonic::transport::server::Connected for Patient {
    type ConnectInfo = <TcpStream as tonic::transport::server::Connected>::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.socket.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::Semaphore,
    };

    use super::*;
    use crate::metrics::Recorder;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(50);

    /// Both ends of a connection; the accepted one gives up a write after `write_timeout`.
    async fn pair(write_timeout: Duration) -> (Patient, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        (Patient::new("test", socket, write_timeout, place), peer)
    }

    /// What a story on this thread has counted of these connections.
    fn counted(reason: &str, recorder: &Arc<Recorder>) -> bool {
        let line =
            format!("loljoa_connections_dropped_total{{loljoa_service=\"test\",reason=\"{reason}\"}} 1\n");
        recorder.text().contains(&line)
    }

    async fn why<T>(attempt: impl Future<Output = io::Result<T>>) -> io::ErrorKind {
        let ended = time::timeout(LONG, attempt).await.expect("it is given up in time");
        ended.err().unwrap().kind()
    }

    #[tokio::test]
    async fn a_peer_that_does_not_begin_is_given_up() {
        let recorder = Recorder::new();
        let _here = ::metrics::set_default_local_recorder(&recorder);
        let (socket, mut peer) = pair(LONG).await;
        let mut socket = socket.opened_by(4, SHORT);
        peer.write_all(b"abc").await.unwrap();
        let mut read = [0; 16];
        assert_eq!(socket.read(&mut read).await.unwrap(), 3);
        for _ in 0..2 {
            assert_eq!(why(socket.read(&mut read)).await, io::ErrorKind::TimedOut);
        }
        assert!(counted("silent", &recorder), "once, however often it is asked");
    }

    #[tokio::test]
    async fn a_peer_that_has_begun_may_take_its_time() {
        let (socket, mut peer) = pair(LONG).await;
        let mut socket = socket.opened_by(4, SHORT);
        peer.write_all(b"abcd").await.unwrap();
        let mut read = [0; 16];
        assert_eq!(socket.read(&mut read).await.unwrap(), 4);
        assert!(time::timeout(4 * SHORT, socket.read(&mut read)).await.is_err(), "it waits");
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_given_up_and_reset() {
        let recorder = Recorder::new();
        let _here = ::metrics::set_default_local_recorder(&recorder);
        let (mut socket, mut peer) = pair(SHORT).await;
        assert_eq!(why(socket.write_all(&vec![0; 64 * 1024 * 1024])).await, io::ErrorKind::TimedOut);
        assert!(counted("unread", &recorder));
        drop(socket);
        let mut read = Vec::new();
        assert_eq!(why(peer.read_to_end(&mut read)).await, io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_peer_that_reads_slowly_gets_everything() {
        let (mut socket, mut peer) = pair(LONG).await;
        let all = 8 * 1024 * 1024;
        let writing = tokio::spawn(async move { socket.write_all(&vec![0; all]).await });
        let (mut buffer, mut read) = (vec![0; 256 * 1024], 0);
        while read < all {
            tokio::task::yield_now().await;
            read += peer.read(&mut buffer).await.unwrap();
        }
        writing.await.unwrap().unwrap();
    }
}
