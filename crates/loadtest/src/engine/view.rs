//! What a person sees while a load runs: rlt's live view on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal, stdout},
    num::NonZeroU8,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rlt::{
    BenchOpts, IterReport, Status,
    clock::Clock,
    collector::{ReportCollector, TuiCollector},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{Load, Recorder, Reply, Window};
use crate::console::complain;

const FRAMES_A_SECOND: NonZeroU8 = NonZeroU8::new(8).expect("8 is not 0");
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How a load is shown.
#[derive(Clone, Debug)]
pub enum View {
    /// In full, with histograms.
    Live,
    /// A line now and then.
    Lines,
}

impl View {
    /// What fits where we are, unless it is `plain` that is wanted.
    #[must_use]
    pub fn fitting(plain: bool) -> Self {
        if plain || !stdout().is_terminal() { Self::Lines } else { Self::Live }
    }
}

/// One load's view.
pub struct Live {
    title: String,
    shown: Option<Shown>,
}

struct Shown {
    reports: mpsc::UnboundedSender<anyhow::Result<IterReport>>,
    drawing: JoinHandle<()>,
    quit: CancellationToken,
}

impl Live {
    /// Begins to show a load called `title`.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub fn begin(view: &View, title: String, load: &Load) -> anyhow::Result<Self> {
        let shown = match view {
            View::Lines => None,
            View::Live => Some(Shown::begin(load)?),
        };
        Ok(Self { title, shown })
    }

    /// Shows one answer.
    pub(super) fn note(&self, duration: Duration, reply: &Reply) {
        let Some(shown) = &self.shown else { return };
        let code = i64::from(reply.status.as_u16());
        let status = match reply.status.as_u16() {
            ..400 => Status::success(code),
            400..500 => Status::client_error(code),
            _ => Status::server_error(code),
        };
        // Whoever has closed the view wants to see no more.
        let _ = shown.reports.send(Ok(IterReport { duration, status, bytes: reply.length, items: 1 }));
    }

    /// Tells how far the load is, until whoever looks at it wants it to end.
    pub(super) async fn tell(&self, recorder: &Mutex<Recorder>, started: Instant, window: Window) {
        if let Some(shown) = &self.shown {
            return shown.quit.cancelled().await;
        }
        let mut ticks = time::interval_at(started + LINE_EVERY, LINE_EVERY);
        loop {
            ticks.tick().await;
            let line =
                line(&recorder.lock().unwrap_or_else(PoisonError::into_inner), started.elapsed(), window);
            complain(format_args!("  {}: {line}", self.title));
        }
    }

    pub(super) async fn end(self) {
        if let Some(Shown { reports, drawing, .. }) = self.shown {
            drop(reports);
            let _ = drawing.await;
        }
    }
}

fn line(recorder: &Recorder, now: Duration, window: Window) -> String {
    let Some(measured) = now.checked_sub(window.from).filter(|measured| !measured.is_zero()) else {
        return "warming up".to_owned();
    };
    let (tally, latency) = (recorder.tally(), recorder.latency());
    format!(
        "{:.0} of {:.0} s, {:.0} requests/s, p50 {:.0} ms, p99 {:.0} ms",
        measured.as_secs_f64(),
        window.length().as_secs_f64(),
        per_second(tally.requests, measured),
        latency.p50_ms,
        latency.p99_ms
    )
}

#[expect(clippy::cast_precision_loss, reason = "a run has fewer requests than a double counts exactly")]
fn per_second(requests: u64, time: Duration) -> f64 {
    requests as f64 / time.as_secs_f64()
}

impl Shown {
    fn begin(load: &Load) -> anyhow::Result<Self> {
        let (reports, received) = mpsc::unbounded_channel();
        let (pause, _) = watch::channel(false);
        let quit = CancellationToken::new();
        let options = BenchOpts {
            clock: Clock::start_at(Instant::now()),
            concurrency: u32::try_from(load.connections).unwrap_or(u32::MAX),
            iterations: None,
            duration: Some(load.window.until),
            warmups: 0,
        };
        let mut collector = TuiCollector::new(options, FRAMES_A_SECOND, received, pause, quit.clone(), true)?;
        let drawing = tokio::spawn(async move {
            // A terminal that cannot be drawn on is no reason to end a measurement.
            let _ = collector.run().await;
        });
        Ok(Self { reports, drawing, quit })
    }
}
