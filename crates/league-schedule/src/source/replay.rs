//! A bundled season, replayed now.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{MatchId, TournamentId, postgres};
use sqlx::{PgConnection, PgPool};

use super::{Error, Next, Source, file::BUNDLED};
use crate::{
    config,
    domain::{
        Match, MatchState, SourceKind, Team, Tournament,
        replay::{Phase, Timeline},
        season::{self, Fixture, Format},
    },
    store::{self, replays},
};

const SEASON: &str = "lck-2022-spring";
const SHORTEST_TICK: Duration = Duration::from_millis(10);
const LONGEST_TICK: Duration = Duration::from_millis(250);
/// Without a tick for this long, nobody drove the replay: it was paused.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Drives a replay: starts and ends its matches in time, and lets their games end on the way.
#[derive(Debug)]
pub struct Replay {
    pool: PgPool,
    settings: config::Replay,
    teams: Vec<Team>,
    fixtures: Vec<Fixture>,
}

/// What a tick came to.
enum Tick {
    Running,
    Finished,
    Foreign(String),
}

impl Replay {
    /// Replays the bundled season. A replay that the database has already goes on with its own settings.
    #[must_use]
    pub fn new(pool: PgPool, settings: config::Replay) -> Self {
        let season = season::read(Format::Json, BUNDLED.as_bytes());
        let teams =
            season.teams.into_iter().filter_map(|entry| entry.content.ok()).map(|club| club.team).collect();
        let fixtures = season.matches.into_iter().filter_map(|entry| entry.content.ok());
        let mut fixtures: Vec<Fixture> = fixtures.collect();
        fixtures.sort_by_key(|fixture| (fixture.starts_at, fixture.match_id()));
        Self { pool, settings, teams, fixtures }
    }

    fn first(&self) -> usize {
        let week = self.settings.start_week.map(|week| format!("Week {week}"));
        let of_week = week.and_then(|week| self.fixtures.iter().position(|fixture| fixture.block == week));
        of_week.or(self.settings.first).unwrap_or(self.fixtures.len() / 2).min(self.fixtures.len())
    }

    fn tick_length(&self) -> Duration {
        (Duration::from_millis(self.settings.interval_ms) / 10).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    async fn tick(&self) -> Result<Tick, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let db = &mut *transaction;
        let replay = replays::lock(db, SEASON, self.fixtures.len()).await?;
        let now = store::now(db).await?;
        let tick = match replay {
            None => self.begin(db, now).await?,
            Some(replay) if replay.finished => Tick::Finished,
            Some(replay) => self.advance(db, replay, now).await?,
        };
        transaction.commit().await?;
        Ok(tick)
    }

    /// Lets the replay begin, unless another replica has done so meanwhile: the first match that is not over starts one interval from now.
    async fn begin(&self, db: &mut PgConnection, now: DateTime<Utc>) -> Result<Tick, sqlx::Error> {
        store::lock_imports(db).await?;
        let mut names: Vec<String> = self.fixtures.iter().map(|fixture| fixture.tournament.clone()).collect();
        names.dedup();
        let mut sources = store::tournaments::sources(db, &names).await?.into_iter();
        if let Some((name, _)) = sources.find(|(_, source)| *source != SourceKind::Replay) {
            return Ok(Tick::Foreign(name));
        }
        let interval = millis(self.settings.interval_ms);
        let timeline = Timeline {
            epoch: now + interval,
            interval,
            duration: millis(self.settings.duration_ms),
            first: self.first(),
            matches: self.fixtures.len(),
        };
        if !replays::add(db, SEASON, &timeline, now).await? {
            return Ok(Tick::Running);
        }
        for team in &self.teams {
            store::teams::add_missing(db, team).await?;
        }
        for name in &names {
            store::tournaments::add_missing(db, name, SourceKind::Replay, Some(SEASON)).await?;
        }
        for (tournament, team) in self.named() {
            store::names::put(db, tournament, team).await?;
        }
        let matches = (0..timeline.matches).filter_map(|index| self.desired(&timeline, index, now)).collect();
        store::matches::put_all(db, matches).await?;
        tracing::info!(event = "replay.begins", season = SEASON, first = timeline.first, "the replay begins");
        Ok(Tick::Running)
    }

    async fn advance(
        &self,
        db: &mut PgConnection,
        replay: replays::Replay,
        now: DateTime<Utc>,
    ) -> Result<Tick, sqlx::Error> {
        let replays::Replay { mut timeline, last_tick, .. } = replay;
        // Another server's clock may be behind: what was shown is not taken back.
        let now = now.max(last_tick);
        let gap = now - last_tick;
        let due = if gap > PAUSE {
            tracing::info!(
                event = "replay.paused",
                season = SEASON,
                gap_ms = gap.num_milliseconds(),
                "the replay goes on after a pause"
            );
            let moved = timeline.remaining(last_tick);
            timeline = timeline.paused_for(gap);
            moved
        } else {
            timeline.due(last_tick, now, |index| self.games(index))
        };
        self.bring_up_to_date(db, &timeline, due, now).await?;
        let finished = timeline.is_finished(now);
        replays::tick(db, SEASON, timeline.epoch, now, finished).await?;
        Ok(if finished { Tick::Finished } else { Tick::Running })
    }

    async fn bring_up_to_date(
        &self,
        db: &mut PgConnection,
        timeline: &Timeline,
        indices: Vec<usize>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        if indices.is_empty() {
            return Ok(());
        }
        let desired = indices.into_iter().filter_map(|index| self.desired(timeline, index, now));
        let mut desired: Vec<Match> = desired.collect();
        let ids: Vec<MatchId> = desired.iter().map(|m| m.match_id).collect();
        let present = store::matches::lock(db, &ids).await?;
        desired.retain(|m| !present.iter().any(|other| other.by_hand && other.match_id == m.match_id));
        store::matches::put_all(db, desired).await
    }

    /// What the season calls its teams, by tournament.
    fn named(&self) -> impl Iterator<Item = (TournamentId, &Team)> {
        let codes = |fixture: &Fixture| [fixture.team1.clone(), fixture.team2.clone()];
        let places: BTreeSet<_> = self
            .fixtures
            .iter()
            .flat_map(|fixture| codes(fixture).into_iter().flatten().map(|code| (&fixture.tournament, code)))
            .collect();
        places.into_iter().filter_map(|(tournament, code)| {
            let team = self.teams.iter().find(|team| team.code == code)?;
            Some((Tournament::id_of(tournament), team))
        })
    }

    /// How many games of match `index` are played: none of one that was forfeited.
    fn games(&self, index: usize) -> usize {
        let real = self.fixtures.get(index).and_then(|fixture| fixture.to_match().ok());
        real.map_or(0, |real| games(&real))
    }

    /// Match `index` as it should be at `now`; `None` if the season file has no such match.
    fn desired(&self, timeline: &Timeline, index: usize, now: DateTime<Utc>) -> Option<Match> {
        let real = self.fixtures.get(index)?.to_match().ok()?;
        let games_over = timeline.games_over(index, games(&real), now);
        let score = real.score().after(games_over, real.match_id.0.as_bytes());
        let moved = Match { starts_at: timeline.start(index), ..real };
        let state = match timeline.phase(index, now) {
            Phase::Over => return Some(moved),
            Phase::Playing => MatchState::InProgress,
            Phase::Ahead => MatchState::Scheduled,
        };
        let mut open = Match { state, winner_id: None, forfeited_by_id: None, ..moved };
        open.set_score(score);
        Some(open)
    }
}

fn games(real: &Match) -> usize {
    if real.state == MatchState::Completed { real.score().games() } else { 0 }
}

fn millis(millis: u64) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[async_trait]
impl Source for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    async fn step(&mut self) -> Result<Next, Error> {
        match postgres::retrying(|| self.tick()).await? {
            Tick::Running => Ok(Next::After(self.tick_length())),
            Tick::Finished => {
                tracing::info!(event = "replay.finished", season = SEASON, "the replay has finished");
                Ok(Next::Done)
            }
            Tick::Foreign(name) => Err(Error::Unusable(format!(
                "the database has {name} from another source; a replay needs a database of its own"
            ))),
        }
    }
}
