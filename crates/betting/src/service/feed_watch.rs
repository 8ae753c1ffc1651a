//! How far this replica is behind a feed that it follows, and whether it stands where the feed has never been.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use loljoa_service_kit::{Error, ErrorCode, MarketId};
use metrics::gauge;
use sqlx::PgPool;

use crate::store::{
    self,
    incidents::{IncidentKind, Report},
};

/// The reason of an error that says so.
pub(crate) const CURSOR_AHEAD: &str = "cursor_ahead";
/// The reason of an error that says that stakes are of a market which this database does not have.
const FOREIGN_STAKES: &str = "foreign_stakes";

/// What keeps a feed from being read: it tells of stakes on `market`, which another cell of betting has.
#[must_use]
pub(crate) fn of_another_cell(market: MarketId) -> Error {
    let message = format!(
        "the ledger has stakes on market {market}, which another cell of betting opened and this database does not have; \
         nothing of the feed is read until it has, or cell.of says how many cells there are"
    );
    Error::new(ErrorCode::Conflict, FOREIGN_STAKES, message)
}

/// What is reported of one feed. Gauges are set while this replica follows the feed, and zeroed when it stops.
#[derive(Debug)]
pub(crate) struct FeedWatch {
    feed: Cow<'static, str>,
    pool: PgPool,
    /// Everything older than this has been read.
    read_to: Option<Instant>,
}

impl FeedWatch {
    /// Watches over `feed`, and reports incidents to `pool`.
    #[must_use]
    pub(crate) fn new(feed: impl Into<Cow<'static, str>>, pool: PgPool) -> Self {
        Self { feed: feed.into(), pool, read_to: None }
    }

    /// The feed was read, and the oldest entry behind was this old; 0 when there was none.
    pub(crate) fn read(&mut self, lag_ms: i64) {
        let lag = Duration::from_millis(lag_ms.unsigned_abs());
        let now = Instant::now();
        self.read_to = Some(now.checked_sub(lag).unwrap_or(now));
        self.set_ahead(0);
        self.report_lag();
    }

    /// The feed could not be read. What was not read then grows older; what a person has to see to is reported.
    pub(crate) async fn failed(&mut self, cursor: &str, error: &Error) {
        self.read_to.get_or_insert_with(Instant::now);
        self.report_lag();
        let report = match error.reason.as_str() {
            CURSOR_AHEAD => self.ahead(cursor),
            FOREIGN_STAKES => self.foreign(error),
            _ => return,
        };
        self.set_ahead(u32::from(report.kind == IncidentKind::CursorAhead));
        if let Err(error) = store::incidents::report(&self.pool, &report).await {
            tracing::warn!(
                event = "feed.not_reported",
                %error, feed = %self.feed, "a feed that stands still could not be reported"
            );
        }
    }

    /// Another replica follows the feed now.
    pub(crate) fn stand_down(&mut self) {
        if self.read_to.take().is_some() {
            self.set_ahead(0);
            gauge!("loljoa_feed_lag_seconds", "service" => "betting", "feed" => self.feed.clone()).set(0);
        }
    }

    fn report_lag(&self) {
        let lag = self.read_to.map_or(0.0, |at| at.elapsed().as_secs_f64());
        gauge!("loljoa_feed_lag_seconds", "service" => "betting", "feed" => self.feed.clone()).set(lag);
    }

    fn set_ahead(&self, ahead: u32) {
        gauge!("loljoa_feed_cursor_ahead", "service" => "betting", "feed" => self.feed.clone()).set(ahead);
    }

    fn foreign(&self, error: &Error) -> Report {
        Report {
            kind: IncidentKind::ForeignStakes,
            match_id: None,
            market_id: None,
            subject: self.feed.to_string(),
            message: error.message.clone(),
        }
    }

    fn ahead(&self, cursor: &str) -> Report {
        let feed = &self.feed;
        Report {
            kind: IncidentKind::CursorAhead,
            match_id: None,
            market_id: None,
            subject: format!("{feed}/{cursor}"),
            message: format!(
                "betting has read the feed of {feed} further than it goes: its source was restored to an earlier state, or \
                 failed over and lost commits; nothing of it is read until the cursor is set back"
            ),
        }
    }
}
