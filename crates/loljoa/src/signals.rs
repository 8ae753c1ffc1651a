//! Ctrl-C and SIGTERM: the first asks to stop, the second to hurry.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What has been asked for so far.
#[derive(Clone, Debug)]
pub struct Signals {
    /// Cancelled by the first signal.
    pub stop: CancellationToken,
    /// Cancelled by the second.
    pub hurry: CancellationToken,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// When the process cannot listen for signals.
    pub fn listen() -> io::Result<Self> {
        let signals = Self { stop: CancellationToken::new(), hurry: CancellationToken::new() };
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let tokens = [signals.stop.clone(), signals.hurry.clone()];
        tokio::spawn(async move {
            for token in tokens {
                next(&mut interrupt, &mut terminate, &mut hangup).await;
                token.cancel();
            }
        });
        Ok(signals)
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal, hangup: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
