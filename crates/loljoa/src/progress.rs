//! How far a long piece of work is: a bar on a terminal, plain lines now and then elsewhere.

use std::{
    io::{IsTerminal, stderr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::complain;

const SPIN: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where work of several stages is.
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    stage: Mutex<Stage>,
}

struct Stage {
    name: &'static str,
    done: u64,
    said: Instant,
}

impl Progress {
    /// Of `what`, such as `auditing`; with `plain` in lines also on a terminal.
    #[must_use]
    pub fn of(what: &'static str, plain: bool) -> Self {
        let bar = (!plain && stderr().is_terminal()).then(bar);
        if bar.is_none() {
            complain(format_args!("{what} …"));
        }
        Self { what, bar, stage: Mutex::new(Stage { name: "", done: 0, said: Instant::now() }) }
    }

    /// Begins a stage, such as `accounts`.
    pub(crate) fn begin(&self, name: &'static str) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) =
            Stage { name, done: 0, said: Instant::now() };
        if let Some(bar) = &self.bar {
            bar.set_position(0);
            bar.set_message(format!("{} {name}", self.what));
        }
    }

    /// Notes that so many more are done.
    pub(crate) fn advance(&self, more: i64) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.done += more.unsigned_abs();
        match &self.bar {
            Some(bar) => bar.set_position(stage.done),
            None if stage.said.elapsed() >= LINE_EVERY => {
                stage.said = Instant::now();
                complain(format_args!("{} {}: {} …", self.what, stage.name, stage.done));
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {msg}: {human_pos} ({per_sec}) … {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(SPIN);
    bar
}
