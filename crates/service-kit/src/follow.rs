//! Lets the log filter follow the configuration while a service runs.
//!
//! Whoever may write the configuration may change what is logged for good: on Kubernetes that is a `ConfigMap`, which comes into
//! the pod without a restart. Admins may for a while, at the admin port.

use std::{path::PathBuf, time::Duration};

use tokio::{
    signal::unix::{self, SignalKind},
    time,
};

use crate::{
    cli::ServiceConfig,
    config,
    telemetry::{ABOUT_THE_LOG, LogFilter},
};

/// How often files are looked at; SIGHUP makes it at once.
const EVERY: Duration = Duration::from_secs(10);

/// Sets `filter` to what the configuration says, whenever that is another than `present`. For ever.
pub(crate) async fn run<C: ServiceConfig>(paths: Vec<PathBuf>, mut present: String, filter: LogFilter) {
    let Ok(mut asked) = unix::signal(SignalKind::hangup()) else { return };
    if !config::can_change(&paths) {
        return;
    }
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let mut complaint = String::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = asked.recv() => {}
        }
        match wanted::<C>(&paths).and_then(|wanted| apply(&filter, &present, wanted)) {
            Ok(applied) => (present, complaint) = (applied, String::new()),
            Err(error) if error != complaint => {
                tracing::warn!(
                    event = "log.filter_unreadable",
                    error,
                    "the log filter stays as it is: the configuration cannot be read again"
                );
                complaint = error;
            }
            Err(_) => {}
        }
    }
}

fn wanted<C: ServiceConfig>(paths: &[PathBuf]) -> Result<String, String> {
    let config = config::load::<C>(paths).map_err(|error| error.to_string())?;
    Ok(config.runtime().telemetry.log.clone())
}

fn apply(filter: &LogFilter, present: &str, wanted: String) -> Result<String, String> {
    if wanted != present {
        filter.set(&wanted).map_err(|error| error.to_string())?;
        tracing::warn!(
            target: ABOUT_THE_LOG, event = "log.filter_configured", from = present, to = wanted,
            "the log filter was changed"
        );
    }
    Ok(wanted)
}
