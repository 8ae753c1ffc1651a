//! From the API's events to what the domain takes.

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::{
    roster::Roster,
    text::clean,
    wire::{Event, Side},
};
use crate::{
    config::Window,
    domain::{
        BestOf, Match, Team, Tournament,
        observation::{Observation, Stage, Verdict},
        time::is_plausible,
    },
};

const KST_HOURS: i64 = 9;
const UNNAMED: &str = "Matches";

/// A match of the feed.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The match as if nobody had heard of it before.
    pub(super) new: Match,
    /// Its tournament's name.
    pub(super) tournament: String,
    /// The teams that are known.
    pub(super) teams: Vec<Team>,
    /// What the feed says about it.
    pub(super) observation: Observation,
}

/// The match that `event` speaks of; `None` for a show, and for what can be no match.
pub(super) fn read(event: &Event, roster: &Roster, windows: &[Window]) -> Option<Reading> {
    let game = event.game.as_ref().filter(|game| !game.id.is_empty() && clean(&game.id) == game.id)?;
    if !is_plausible(event.start_time) {
        return None;
    }
    let best_of = BestOf::new(game.strategy.count)?;
    let [first, second] = game.teams.as_slice() else { return None };
    let sides = [first, second];
    let league = event.league.as_ref().map_or("League", |league| league.name.as_str());
    let tournament = tournament(event.start_time, league, windows);
    let block = event.block_name.as_deref().map(clean).filter(|block| !block.is_empty());
    let block = block.unwrap_or_else(|| UNNAMED.into());
    let teams = sides.map(|side| team(side, roster));
    let observation = Observation {
        block: block.clone(),
        starts_at: event.start_time,
        best_of,
        teams: [&teams[0], &teams[1]].map(|team| team.as_ref().map(|team| team.team_id)),
        stage: stage(event.state.as_deref()),
        verdicts: sides.map(verdict),
        wins: sides.map(wins),
    };
    let id = Tournament::id_of(&tournament);
    let new = Match::new(id, game.id.clone(), block, event.start_time, best_of);
    Some(Reading {
        new: Match { match_id: Match::id_in_feed(&game.id), ..new },
        tournament,
        teams: teams.into_iter().flatten().collect(),
        observation,
    })
}

fn tournament(start: DateTime<Utc>, league: &str, windows: &[Window]) -> String {
    let day = (start + TimeDelta::hours(KST_HOURS)).date_naive();
    let window = windows.iter().find(|window| (window.from..=window.to).contains(&day));
    let name = window.map_or_else(|| format!("{league} {}", day.year()), |window| window.name.clone());
    clean(&name)
}

fn team(side: &Side, roster: &Roster) -> Option<Team> {
    roster.team(side.name.as_deref()?, side.code.as_deref()?)
}

fn stage(state: Option<&str>) -> Stage {
    match state {
        Some("inProgress") => Stage::InProgress,
        Some("completed") => Stage::Completed,
        _ => Stage::Unstarted,
    }
}

fn verdict(side: &Side) -> Option<Verdict> {
    match side.result.as_ref()?.outcome.as_deref()? {
        "win" => Some(Verdict::Win),
        "loss" => Some(Verdict::Loss),
        _ => None,
    }
}

fn wins(side: &Side) -> i64 {
    side.result.as_ref().and_then(|result| result.game_wins).unwrap_or_default()
}
