//! Follows the feeds of matches and of questions about stages: opens markets, moves their locks, and begins their end.

mod apply;
pub(crate) mod news;

use std::time::Duration;

use loljoa_proto::league_schedule::v1::{
    ListChangesRequest, ListQuestionChangesRequest, league_feed_service_client::LeagueFeedServiceClient,
};
use loljoa_service_kit::{Cell, Error, MatchId, Slot, grpc::Channel, postgres, telemetry};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, info_span};
use uuid::Uuid;

use self::news::News;
use super::{Wakers, feed_watch::FeedWatch, unless_lost};
use crate::{
    SERVICE, config,
    store::{
        self,
        cursors::Consumer,
        incidents::{IncidentKind, Report},
    },
};

/// How much longer than one call the lease lasts.
const LEASE_MARGIN_MS: i64 = 10_000;
const PAUSE: Duration = Duration::from_secs(1);

/// Which feed is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// Changes of matches.
    Matches,
    /// Changes of questions about whole stages.
    Questions,
}

impl Source {
    const fn consumer(self) -> Consumer {
        match self {
            Self::Matches => Consumer::LeagueSchedule,
            Self::Questions => Consumer::Questions,
        }
    }

    /// What the feed is called in metrics and incidents.
    const fn name(self) -> &'static str {
        match self {
            Self::Matches => "league_schedule",
            Self::Questions => "questions",
        }
    }
}

/// The consumer of a feed; one replica follows it at a time.
pub(crate) struct Life {
    source: Source,
    pool: PgPool,
    feed: LeagueFeedServiceClient<Channel>,
    replica: Uuid,
    config: config::Life,
    /// Of whose matches the markets are opened here.
    cell: Cell,
    wakers: Wakers,
    watch: FeedWatch,
}

/// What a feed answered.
#[derive(Clone, Debug, Default)]
struct Page {
    news: Vec<News>,
    unreadable: Vec<Report>,
    next_cursor: String,
    lag_ms: i64,
}

impl Life {
    /// A consumer of the feed `source` at the other end of `channel`.
    #[must_use]
    pub(crate) fn new(
        source: Source,
        pool: PgPool,
        channel: Channel,
        replica: Uuid,
        config: config::Life,
        cell: Cell,
        wakers: Wakers,
    ) -> Self {
        let watch = FeedWatch::new(source.name(), pool.clone());
        let feed = LeagueFeedServiceClient::new(channel);
        Self { source, pool, feed, replica, config, cell, wakers, watch }
    }

    /// Runs until `closing`, and then lets another replica go on at once.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let feed = self.source.name();
        while let Some(turn) = closing.run_until_cancelled(unless_lost(Box::pin(self.follow()))).await {
            let pause = match turn {
                Ok(true) => continue,
                Ok(false) => PAUSE,
                Err(error) => {
                    tracing::warn!(event = "feed.failed", %error, feed, "a feed could not be followed");
                    PAUSE
                }
            };
            closing.run_until_cancelled(time::sleep(pause)).await;
        }
        if let Err(error) = store::cursors::release(&self.pool, self.source.consumer(), self.replica).await {
            tracing::warn!(event = "feed.lease_left", %error, feed, "the lease on a feed was left to expire");
        }
    }

    /// One call and its effect; false when another replica follows the feed.
    async fn follow(&mut self) -> Result<bool, Error> {
        let lease_ms = i64::from(self.config.feed_wait_ms) + LEASE_MARGIN_MS;
        let consumer = self.source.consumer();
        let Some(cursor) = store::cursors::lease(&self.pool, consumer, self.replica, lease_ms).await? else {
            self.watch.stand_down();
            return Ok(false);
        };
        let page = match self.read(&cursor).await {
            Ok(page) => page.of_cell(self.cell),
            Err(error) => {
                self.watch.failed(&cursor, &error).await;
                return Err(error);
            }
        };
        if page.next_cursor != cursor {
            let span = info_span!(parent: None, "apply_changes", service = SERVICE, news = page.news.len());
            let applied = apply(&self.pool, &self.wakers, self.cell, consumer, &cursor, &page);
            applied.instrument(span).await?;
        }
        self.watch.read(page.lag_ms);
        Ok(true)
    }

    /// The change after `cursor`. One at a time: its markets are locked together, in the order of their ids.
    async fn read(&self, cursor: &str) -> Result<Page, Error> {
        let (cursor, limit) = (cursor.to_owned(), 1);
        let wait_ms = i32::try_from(self.config.feed_wait_ms).unwrap_or(i32::MAX);
        let mut feed = self.feed.clone();
        Ok(match self.source {
            Source::Matches => {
                let request = ListChangesRequest { cursor, limit, wait_ms };
                let answer = feed.list_changes(request).await?.into_inner();
                let mut page = Page::at(answer.next_cursor, answer.lag_ms);
                for change in &answer.matches {
                    let news = news::read_match(change).map(News::Match);
                    page.take(news, "match", &change.match_id, change.revision);
                }
                page
            }
            Source::Questions => {
                let request = ListQuestionChangesRequest { cursor, limit, wait_ms };
                let answer = feed.list_question_changes(request).await?.into_inner();
                let mut page = Page::at(answer.next_cursor, answer.lag_ms);
                for change in &answer.questions {
                    let news = news::read_question(change).map(News::Contest);
                    page.take(news, "question", &change.question_id, change.revision);
                }
                page
            }
        })
    }
}

impl Page {
    const fn at(next_cursor: String, lag_ms: i64) -> Self {
        Self { news: Vec::new(), unreadable: Vec::new(), next_cursor, lag_ms }
    }

    /// What of it concerns this cell. What cannot be read is reported by each.
    fn of_cell(mut self, cell: Cell) -> Self {
        self.news.retain(|news| cell.owns(Slot::of_match(news.id())));
        self
    }

    /// A change that cannot be read must not hold up those behind it: it is left to a person.
    fn take(&mut self, news: Result<News, Error>, what: &str, id: &str, revision: i64) {
        match news {
            Ok(news) => self.news.push(news),
            Err(error) => self.unreadable.push(Report {
                kind: IncidentKind::MatchUnreadable,
                match_id: MatchId::parse(id).ok(),
                market_id: None,
                subject: format!("{id}/{revision}"),
                message: format!(
                    "revision {revision} of {what} {id} cannot be read and was skipped: {error}"
                ),
            }),
        }
    }
}

/// Applies a page of changes that was read at `from`, and moves the consumer's cursor in the same commit. Nothing happens when the
/// cursor has moved since.
async fn apply(
    pool: &PgPool,
    wakers: &Wakers,
    cell: Cell,
    consumer: Consumer,
    from: &str,
    page: &Page,
) -> Result<(), Error> {
    let locked = postgres::retrying(|| async {
        let mut transaction = postgres::begin(pool).await?;
        let mut locked = Vec::new();
        if store::cursors::advance(&mut transaction, consumer, from, &page.next_cursor).await? {
            for news in &page.news {
                locked.extend(apply::apply(&mut transaction, news, cell).await?);
            }
            for report in &page.unreadable {
                store::incidents::report(&mut *transaction, report).await?;
            }
            transaction.commit().await?;
        }
        Ok(locked)
    })
    .await?;
    for market in &locked {
        telemetry::event(&Span::current(), "market.locked", &[("loljoa.market.id", market)]);
    }
    wakers.closing.notify_one();
    wakers.owed.ring();
    Ok(())
}
