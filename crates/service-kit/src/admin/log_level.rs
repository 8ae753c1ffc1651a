//! What is logged, shown to admins and changed by them for a while (docs/adr/0047).

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{self, Body},
    extract::{Request, State},
    routing::get,
};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use tokio::time;

use super::problem::Problem;
use crate::{
    Error, ErrorCode,
    health::Health,
    identity::{Admins, Identity, admitted},
    telemetry::{ABOUT_THE_LOG, LogFilter, LogLevel},
};

/// Nobody has to look longer, and nobody forgets for longer that somebody does.
const LONGEST: u64 = 3_600;
const DEFAULT_SECONDS: u64 = 600;
/// Of a filter.
const MAX_LENGTH: usize = 300;
/// Of a body, which holds a filter and a number.
const MAX_BODY: usize = 2_048;
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Who may, and of which replica.
#[derive(Clone)]
struct Door {
    admins: Arc<dyn Admins>,
    health: Health,
}

/// `/log-level`, for whoever `admins` says is one.
pub(super) fn routes(admins: Arc<dyn Admins>, health: Health) -> Router {
    let methods = get(show).put(change).delete(reset);
    Router::new().route("/log-level", methods).with_state(Door { admins, health })
}

/// What is to be logged, and for how long.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    filter: String,
    for_seconds: Option<u64>,
}

/// What a replica logs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    service: String,
    instance: String,
    filter: String,
    configured: String,
    until: Option<String>,
}

impl Door {
    /// The admin who asks, and the log of this process.
    async fn open(&self, request: &Parts) -> Result<(Identity, LogFilter), Error> {
        let admin = admitted(&*self.admins, &request.headers, request.uri.path()).await?;
        let log = LogFilter::of_the_process().ok_or_else(|| Error::unavailable("nothing is logged here"))?;
        Ok((admin, log))
    }

    fn shown(&self, LogLevel { filter, configured, until }: LogLevel) -> Json<Shown> {
        let (service, instance) = (self.health.service().to_owned(), self.health.instance().to_owned());
        let until = until.map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        Json(Shown { service, instance, filter, configured, until })
    }
}

async fn show(State(door): State<Door>, request: Request) -> Result<Json<Shown>, Problem> {
    let (_, log) = door.open(&request.into_parts().0).await?;
    Ok(door.shown(log.level()))
}

async fn change(State(door): State<Door>, request: Request) -> Result<Json<Shown>, Problem> {
    let (request, body) = request.into_parts();
    let (admin, log) = door.open(&request).await?;
    let (filter, duration) = checked(read(body).await?)?;
    let from = log.level().filter;
    let level = log.change(&filter, duration).map_err(|_| bad_filter())?;
    tracing::warn!(
        target: ABOUT_THE_LOG,
        event = "log.filter_changed",
        admin = &*admin.username,
        admin_id = %admin.account_id,
        from,
        to = filter,
        until = level.until.map(|until| until.to_rfc3339()),
        "the log filter was changed for a while"
    );
    Ok(door.shown(level))
}

async fn reset(State(door): State<Door>, request: Request) -> Result<Json<Shown>, Problem> {
    let (admin, log) = door.open(&request.into_parts().0).await?;
    let level = log.reset();
    tracing::warn!(
        target: ABOUT_THE_LOG,
        event = "log.filter_reset",
        admin = &*admin.username,
        admin_id = %admin.account_id,
        to = level.configured,
        "the log filter was set back"
    );
    Ok(door.shown(level))
}

async fn read(body: Body) -> Result<Wanted, Error> {
    let bytes = time::timeout(BODY_TIMEOUT, body::to_bytes(body, MAX_BODY)).await;
    let bytes =
        bytes.ok().and_then(Result::ok).ok_or_else(|| bad_body("is too long, or did not come in time"))?;
    serde_json::from_slice(&bytes).map_err(|error| bad_body(&error.to_string()))
}

fn bad_body(why: &str) -> Error {
    Error::new(ErrorCode::Invalid, "body_invalid", format!("the body: {why}"))
}

/// The filter as it is to hold, and for how long.
fn checked(Wanted { filter, for_seconds }: Wanted) -> Result<(String, Duration), Error> {
    if !is_plain(&filter) {
        return Err(bad_filter());
    }
    let seconds = for_seconds.unwrap_or(DEFAULT_SECONDS);
    if !(1..=LONGEST).contains(&seconds) {
        let allowed = format!("must be from 1 to {LONGEST}");
        return Err(Error::invalid_field("forSeconds", "seconds_out_of_range", allowed));
    }
    Ok((filter, Duration::from_secs(seconds)))
}

fn bad_filter() -> Error {
    let allowed = "must be levels (off, error, warn, info, debug, trace) and targets with levels, such as info,loljoa_betting=debug";
    Error::invalid_field("filter", "filter_invalid", allowed)
}

/// Whether it is made of levels and of targets with levels alone. The syntax of `RUST_LOG` takes a misspelt level for a
/// target, of which everything would be logged, and has patterns, which have to be matched for each line.
fn is_plain(filter: &str) -> bool {
    let is_target = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte))
    };
    let is_level =
        |text: &str| text.parse::<tracing::level_filters::LevelFilter>().is_ok() && !text.is_empty();
    let is_directive = |part: &str| match part.split_once('=') {
        Some((target, level)) => is_target(target) && is_level(level),
        None => is_level(part),
    };
    filter.len() <= MAX_LENGTH && filter.split(',').all(is_directive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_made_of_levels_and_targets() {
        for good in ["info", "off", "debug,loljoa_betting=trace", "warn,sqlx::query=DEBUG,h2=off"] {
            assert!(is_plain(good), "{good}");
        }
        let long = format!("{}=info", "a".repeat(MAX_LENGTH));
        for bad in [
            "",
            "debgu",
            "info,",
            "loljoa_betting",
            "info, debug",
            "[span]=trace",
            "a[{b=c.*}]=trace",
            "x=",
            "=info",
            &long,
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn a_change_has_an_end_within_the_hour() {
        let of = |for_seconds| checked(Wanted { filter: "debug".to_owned(), for_seconds });
        assert_eq!(of(None).unwrap().1, Duration::from_mins(10));
        assert_eq!(of(Some(3_600)).unwrap().1, Duration::from_hours(1));
        for wrong in [0, 3_601, u64::MAX] {
            assert_eq!(of(Some(wrong)).unwrap_err().violations[0].field, "forSeconds", "{wrong}");
        }
    }
}
