use std::{
    collections::BTreeSet,
    fmt::Display,
    io::{IsTerminal, stdout},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use loljoa_service_kit::{
    Clock,
    config::{LogFormat, Telemetry},
    telemetry,
};
use serde::Deserialize;
use tokio::time;
use tracing::field::display;
use url::Url;

use super::release::{Address, Release, json, web_address};
use crate::{
    floor::{Api, Keep, Match, Window},
    signals::Signals,
};

/// What a page of matches may hold.
const MATCHES: &str = "100";

#[derive(Args)]
#[command(
    after_help = "It reads matches at the public API, and may read and change nothing else than these autoscalers. Where the calendar or the Kubernetes API\n\
    does not answer, floors stay as they are. The chart runs it with autoscaling.calendar.enabled.\n\nExamples:\n  \
    loljoa floor --url http://loljoa-gateway:8080 loljoa-gateway=1:3 loljoa-betting=1:2\n  \
    loljoa floor --url https://loljoa.example --lead 1800 --once loljoa-gateway=2:6"
)]
pub(super) struct Arguments {
    /// An autoscaler of this namespace, its floor at rest, and the one before a match
    #[arg(required = true, value_name = "NAME=REST:RAISED")]
    keep: Vec<Keep>,
    #[command(flatten)]
    address: Address,
    /// So long before a match starts
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(..=86_400))]
    lead: u32,
    /// … and so long after its start
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(..=86_400))]
    hold: u32,
    /// How often it looks
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    every: u32,
    /// Look once, and fail when something does not answer
    #[arg(long)]
    once: bool,
    /// The Kubernetes API
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc", value_parser = web_address)]
    api_server: Url,
    /// The folder with a service account's token, ca.crt and namespace
    #[arg(long, value_name = "FOLDER", default_value = "/var/run/secrets/kubernetes.io/serviceaccount")]
    service_account: PathBuf,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Match>,
}

/// Follows the calendar until it is told to stop, or looks once.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let log_format = if stdout().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    let telemetry = telemetry::init("floor", &Telemetry { log_format, ..Telemetry::default() })?;
    let signals = Signals::listen()?;
    let followed = signals.stop.run_until_cancelled(follow(arguments)).await;
    telemetry.flush();
    followed.unwrap_or(Ok(ExitCode::SUCCESS))
}

async fn follow(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { keep, address, lead, hold, every, once, api_server, service_account } = arguments;
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let mut follower = Follower {
        release: address.open()?,
        api: Api::new(api_server, service_account)?,
        window: Window { lead: seconds(lead), hold: seconds(hold) },
        keep,
        clock: Clock::system(),
        silent: BTreeSet::new(),
    };
    let mut ticks = time::interval(seconds(every));
    loop {
        ticks.tick().await;
        follower.look().await;
        if once {
            let all_answered = follower.silent.is_empty();
            return Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
}

/// Looks at the calendar, and changes floors.
struct Follower {
    release: Release,
    api: Api,
    window: Window,
    keep: Vec<Keep>,
    clock: Clock,
    /// What does not answer, which has been said.
    silent: BTreeSet<String>,
}

impl Follower {
    async fn look(&mut self) {
        let now = self.clock.now();
        let calendar = self.matches(now).await;
        let Some(matches) = self.heard("the calendar", calendar) else { return };
        let near = self.window.near(now, &matches);
        for keep in self.keep.clone() {
            let followed = self.follow(&keep, near).await;
            let _ = self.heard(&keep.name, followed);
        }
    }

    /// Those that start in the window.
    async fn matches(&self, now: DateTime<Utc>) -> anyhow::Result<Vec<Match>> {
        let (from, to) = self.window.around(now);
        let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = [("from", written(from)), ("to", written(to)), ("limit", MATCHES.to_owned())];
        let request = self.release.http.get(self.release.at("/api/league/matches")?).query(&query);
        Ok(json::<Page>(request).await?.items)
    }

    async fn follow(&self, keep: &Keep, near: Option<&Match>) -> anyhow::Result<()> {
        let found = self.api.get(&keep.name).await?;
        let (from, to) = (found.min_replicas, keep.floor(near.is_some(), found.max_replicas));
        if from == to {
            return Ok(());
        }
        self.api.set_floor(&keep.name, to).await?;
        let autoscaler = &keep.name;
        let match_id = near.map(|one| display(one.match_id));
        let starts_at = near.map(|one| one.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true));
        if to > from {
            tracing::info!(
                event = "floor.raised",
                autoscaler,
                from,
                to,
                match_id,
                starts_at,
                "a floor was raised"
            );
        } else {
            tracing::info!(
                event = "floor.lowered",
                autoscaler,
                from,
                to,
                match_id,
                starts_at,
                "a floor was lowered"
            );
        }
        Ok(())
    }

    /// Says once that something does not answer, and once that it does again.
    fn heard<T>(&mut self, whom: &str, answer: anyhow::Result<T>) -> Option<T> {
        match answer {
            Ok(answer) => {
                if self.silent.remove(whom) {
                    tracing::info!(event = "floor.heard", of = whom, "it answers again, and floors follow");
                }
                Some(answer)
            }
            Err(error) => {
                if self.silent.insert(whom.to_owned()) {
                    complain(whom, format_args!("{error:#}"));
                }
                None
            }
        }
    }
}

fn complain(of: &str, error: impl Display) {
    tracing::warn!(event = "floor.unheard", of, %error, "it does not answer, and floors stay as they are");
}
