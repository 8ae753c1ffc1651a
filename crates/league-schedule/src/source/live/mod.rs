//! The LoL Esports feed, polled politely.

pub mod client;
mod reading;
mod roster;
mod text;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{MatchId, postgres};
use sqlx::PgPool;
use tokio::time::{self, Instant};

use super::{Error, Next, Source};
use crate::{
    config,
    domain::{Match, SourceKind, Team},
    store,
};
use client::Client;
use reading::Reading;
use roster::Roster;
use wire::Page;

/// A match without a result this long after its start gets none; the feed need not be read from there again.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(7);

/// The answer that tells who the teams are is large; it is not asked for more often.
const ROSTER_LASTS: Duration = Duration::from_hours(1);

/// Follows one league in the LoL Esports feed.
#[derive(Debug)]
pub struct Live {
    pool: PgPool,
    client: Client,
    settings: config::Live,
    roster: Roster,
    roster_read: Option<Instant>,
}

impl Live {
    /// Follows the league that `settings` name.
    ///
    /// # Errors
    ///
    /// When no client can be made of them.
    pub fn new(pool: PgPool, settings: config::Live) -> anyhow::Result<Self> {
        Ok(Self {
            pool,
            client: Client::new(&settings)?,
            settings,
            roster: Roster::default(),
            roster_read: None,
        })
    }

    /// Reads page after page, from the first one with a match that is not over, to the newest.
    ///
    /// An unknown token is answered with the first page again, so reading stops when a page brings nothing new.
    async fn poll(&mut self) -> Result<(), Error> {
        let (mut token, mut begun) = match self.position().await? {
            Some(token) => (Some(token), None),
            None => self.go_back().await?,
        };
        let mut everything_over = true;
        let mut seen: HashSet<MatchId> = HashSet::new();
        for _ in 0..self.settings.max_pages {
            let page = match begun.take() {
                Some(page) => page,
                None => self.client.schedule(token.as_deref()).await?,
            };
            let readings = self.read(&page.events).await?;
            let before = seen.len();
            seen.extend(readings.iter().map(|reading| reading.new.match_id));
            if seen.len() == before {
                break;
            }
            everything_over &= self.apply(&readings).await?;
            if let Some(newer) = page.newer.as_deref().filter(|_| everything_over) {
                self.remember(newer).await?;
            }
            if page.newer.is_none() || page.newer == token {
                break;
            }
            token = page.newer;
            time::sleep(Duration::from_millis(self.settings.page_pause_ms)).await;
        }
        Ok(())
    }

    /// Goes back page by page from the one around today, so that a new install has the season from its beginning, and
    /// gives the oldest one with its token, which it remembers for the next poll, too.
    async fn go_back(&self) -> Result<(Option<String>, Option<Page>), Error> {
        let (mut token, mut oldest) = (None, self.client.schedule(None).await?);
        let mut seen: HashSet<String> = oldest.game_ids().collect();
        for _ in 0..self.settings.older_pages {
            let Some(older) = oldest.older.clone() else { break };
            time::sleep(Duration::from_millis(self.settings.page_pause_ms)).await;
            let page = self.client.schedule(Some(&older)).await?;
            let before = seen.len();
            seen.extend(page.game_ids());
            if seen.len() == before {
                break;
            }
            (token, oldest) = (Some(older), page);
        }
        if let Some(token) = &token {
            self.remember(token).await?;
        }
        Ok((token, Some(oldest)))
    }

    async fn position(&self) -> Result<Option<String>, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        store::live::position(&mut connection, &self.settings.league_id).await
    }

    async fn remember(&self, token: &str) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        store::live::set_position(&mut connection, &self.settings.league_id, token).await
    }

    /// Reads a page's events; asks who the teams are when one is not known yet.
    async fn read(&mut self, events: &[wire::Event]) -> Result<Vec<Reading>, Error> {
        let sides = || events.iter().filter_map(|event| event.game.as_ref()).flat_map(|game| &game.teams);
        let names = || sides().filter_map(|side| side.name.as_deref());
        let read_lately = self.roster_read.is_some_and(|at| at.elapsed() < ROSTER_LASTS);
        if !read_lately && names().any(|name| !roster::is_undecided(name) && !self.roster.knows(name)) {
            let league = events.iter().find_map(|event| event.league.as_ref());
            let league = league.map_or("", |league| league.name.as_str());
            self.roster = Roster::new(self.client.teams().await?, league);
            self.roster_read = Some(Instant::now());
        }
        let windows = &self.settings.tournaments;
        Ok(events.iter().filter_map(|event| reading::read(event, &self.roster, windows)).collect())
    }

    /// Writes a page; true when all of its matches are over.
    async fn apply(&self, readings: &[Reading]) -> Result<bool, Error> {
        let outcome = postgres::retrying(|| self.write(readings)).await?;
        outcome.map_err(|name| Error::Unusable(format!("the database has {name} from another source")))
    }

    async fn write(&self, readings: &[Reading]) -> Result<Result<bool, String>, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let db = &mut *transaction;
        let names: BTreeSet<String> = readings.iter().map(|reading| reading.tournament.clone()).collect();
        let names: Vec<String> = names.into_iter().collect();
        for (name, source) in store::tournaments::sources(db, &names).await? {
            if source != SourceKind::Live {
                return Ok(Err(name));
            }
        }
        for name in &names {
            store::tournaments::add_missing(db, name, SourceKind::Live, None).await?;
        }
        let teams: BTreeMap<&str, &Team> = readings
            .iter()
            .flat_map(|reading| &reading.teams)
            .map(|team| (team.code.as_str(), team))
            .collect();
        for team in teams.values() {
            store::teams::add_missing(db, team).await?;
        }
        let ids: Vec<MatchId> = readings.iter().map(|reading| reading.new.match_id).collect();
        let known = store::matches::lock(db, &ids).await?;
        let now = store::now(db).await?;
        let matches: Vec<Match> = readings.iter().map(|reading| reading.applied(&known)).collect();
        let all_over = matches.iter().all(|m| is_past(m, now));
        store::matches::put_all(db, matches).await?;
        transaction.commit().await?;
        Ok(Ok(all_over))
    }

    /// The pause until the next poll, give or take a tenth, so that replicas and installs do not poll in step.
    fn pause(&self) -> Duration {
        Duration::from_millis(self.settings.interval_ms).mul_f64(rand::random_range(0.9..=1.1))
    }
}

impl Reading {
    fn applied(&self, known: &[Match]) -> Match {
        let present = known.iter().find(|m| m.match_id == self.new.match_id);
        self.observation.applied_to(present.unwrap_or(&self.new))
    }
}

fn is_past(m: &Match, now: DateTime<Utc>) -> bool {
    m.is_over() || (m.starts_at + FORGOTTEN_AFTER < now && !m.needs_review)
}

#[async_trait]
impl Source for Live {
    fn name(&self) -> &'static str {
        "live"
    }

    async fn step(&mut self) -> Result<Next, Error> {
        self.poll().await?;
        Ok(Next::After(self.pause()))
    }
}
