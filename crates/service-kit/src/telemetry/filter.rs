use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::time;
use tokio_util::task::AbortOnDropHandle;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::Clock;

/// The target of the lines about the filter itself. They are written whatever the filter says.
pub(crate) const ABOUT_THE_LOG: &str = "loljoa::log";

/// That of this process, which has one log.
static OF_THE_PROCESS: OnceLock<LogFilter> = OnceLock::new();

/// What is logged, which can be changed while the process runs: for good, as the configuration says, or for a while. What is
/// traced stays as it is. Cheap to clone.
#[derive(Clone)]
pub struct LogFilter(Arc<Shared>);

struct Shared {
    handle: reload::Handle<EnvFilter, Registry>,
    state: Mutex<State>,
}

struct State {
    configured: String,
    change: Option<Change>,
    changes: u64,
}

struct Change {
    number: u64,
    filter: String,
    until: DateTime<Utc>,
    _end: AbortOnDropHandle<()>,
}

/// What is logged at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel {
    /// The filter that holds.
    pub filter: String,
    /// The filter that the configuration says.
    pub configured: String,
    /// Until when the first holds, where it is not the second.
    pub until: Option<DateTime<Utc>>,
}

impl LogFilter {
    /// The filter, and what a layer is filtered by.
    pub(super) fn new(filter: &str) -> anyhow::Result<(Self, reload::Layer<EnvFilter, Registry>)> {
        let (layer, handle) = reload::Layer::new(read_of_log(filter)?);
        let state = State { configured: filter.to_owned(), change: None, changes: 0 };
        Ok((Self(Arc::new(Shared { handle, state: Mutex::new(state) })), layer))
    }

    /// That of this process, once its log has been started.
    #[must_use]
    pub fn of_the_process() -> Option<Self> {
        OF_THE_PROCESS.get().cloned()
    }

    /// From now on this is that of the process.
    pub(super) fn become_that_of_the_process(&self) {
        let _ = OF_THE_PROCESS.set(self.clone());
    }

    /// From now on logs what `filter` lets through, in the syntax of `RUST_LOG`, or after the change that holds for a while.
    ///
    /// # Errors
    ///
    /// When the filter cannot be read; the present one stays.
    pub fn set(&self, filter: &str) -> anyhow::Result<()> {
        let wanted = read_of_log(filter)?;
        let mut state = self.state();
        if state.change.is_none() {
            self.0.handle.reload(wanted)?;
        }
        filter.clone_into(&mut state.configured);
        Ok(())
    }

    /// Logs what `filter` lets through for so long, and then what the configuration says again. It has to be called within a
    /// runtime.
    ///
    /// # Errors
    ///
    /// When the filter cannot be read; the present one stays.
    pub fn change(&self, filter: &str, duration: Duration) -> anyhow::Result<LogLevel> {
        let wanted = read_of_log(filter)?;
        let mut state = self.state();
        self.0.handle.reload(wanted)?;
        state.changes += 1;
        let (number, this) = (state.changes, self.clone());
        let end = tokio::spawn(async move {
            time::sleep(duration).await;
            if this.end(Some(number)) {
                let to = this.level().configured;
                tracing::warn!(
                    target: ABOUT_THE_LOG,
                    event = "log.filter_reverted",
                    to,
                    "the log filter is the configured one again"
                );
            }
        });
        let until = Clock::system().now() + duration;
        let end = AbortOnDropHandle::new(end);
        state.change = Some(Change { number, filter: filter.to_owned(), until, _end: end });
        Ok(state.level())
    }

    /// Logs what the configuration says again, at once.
    #[must_use]
    pub fn reset(&self) -> LogLevel {
        self.end(None);
        self.level()
    }

    /// What is logged now.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.state().level()
    }

    /// Ends the change of this number, or whichever holds, and tells whether there was one.
    fn end(&self, number: Option<u64>) -> bool {
        let mut state = self.state();
        let ended = state.change.take_if(|change| number.is_none_or(|number| number == change.number));
        if ended.is_some() {
            // It has been read before, and the layer lives as long as the process.
            let _ = read_of_log(&state.configured).map(|filter| self.0.handle.reload(filter));
        }
        ended.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn level(&self) -> LogLevel {
        let configured = self.configured.clone();
        match &self.change {
            Some(change) => LogLevel { filter: change.filter.clone(), configured, until: Some(change.until) },
            None => LogLevel { filter: configured.clone(), configured, until: None },
        }
    }
}

/// Reads what is to be logged, to which the lines about the filter itself belong.
fn read_of_log(filter: &str) -> anyhow::Result<EnvFilter> {
    let filter = read("runtime.telemetry.log", filter)?;
    Ok(filter.add_directive(format!("{ABOUT_THE_LOG}=warn").parse()?))
}

/// Reads the filter that stands under `key`.
pub(super) fn read(key: &str, filter: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(filter).with_context(|| format!("{key} = {filter}: must be a filter such as info"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const MOMENT: Duration = Duration::from_millis(5);

    fn filter(log: &str) -> (LogFilter, reload::Layer<EnvFilter, Registry>) {
        LogFilter::new(log).unwrap()
    }

    fn holds(filter: &LogFilter) -> String {
        let shown = filter.0.handle.with_current(ToString::to_string).unwrap();
        assert!(shown.contains("loljoa::log=warn"), "{shown}");
        let others = shown.split(',').filter(|directive| !directive.starts_with("loljoa::log"));
        others.collect::<Vec<_>>().join(",")
    }

    #[tokio::test]
    async fn a_change_ends_by_itself() {
        let (filter, _layer) = filter("info");
        let level = filter.change("debug", HOUR).unwrap();
        assert!(level.until.is_some_and(|until| until > Clock::system().now()));
        assert_eq!((holds(&filter), filter.level().filter), ("debug".into(), "debug".into()));
        filter.change("trace", MOMENT).unwrap();
        while filter.level().until.is_some() {
            time::sleep(MOMENT).await;
        }
        let configured = LogLevel { filter: "info".to_owned(), configured: "info".to_owned(), until: None };
        assert_eq!((holds(&filter), filter.level()), ("info".into(), configured));
    }

    #[tokio::test]
    async fn a_later_change_is_not_ended_by_an_earlier_one() {
        let (filter, _layer) = filter("info");
        filter.change("debug", MOMENT).unwrap();
        filter.change("trace", HOUR).unwrap();
        time::sleep(10 * MOMENT).await;
        assert_eq!(holds(&filter), "trace");
    }

    #[tokio::test]
    async fn what_is_configured_meanwhile_holds_afterwards() {
        let (filter, _layer) = filter("info");
        filter.change("debug", HOUR).unwrap();
        filter.set("error").unwrap();
        assert_eq!((holds(&filter), filter.level().configured), ("debug".into(), "error".into()));
        assert_eq!(filter.reset().filter, "error");
        assert_eq!(holds(&filter), "error");
        filter.set("warn").unwrap();
        assert_eq!(holds(&filter), "warn");
    }

    #[tokio::test]
    async fn what_cannot_be_read_changes_nothing() {
        let (filter, _layer) = filter("info");
        filter.change("debug", HOUR).unwrap();
        assert!(filter.change("=,=", HOUR).is_err() && filter.set("=,=").is_err());
        assert_eq!((holds(&filter), filter.level().configured), ("debug".into(), "info".into()));
    }
}
