//! What separates teams with as many wins.

use std::cmp::Reverse;

use loljoa_service_kit::TeamId;

use super::{Stage, Standing, Tiebreaker, table::Results};
use crate::domain::Match;

/// By what teams that are level are separated.
pub(super) struct Level<'a> {
    pub(super) stage: &'a Stage,
    pub(super) results: &'a Results<'a>,
}

/// Teams that are level, in groups that nothing separates, best first. Once a rule has set some apart, the rules begin anew among
/// those that it has left level: of three, two may be told apart by what they did against each other.
pub(super) fn separate(level: &[Standing], by: &Level<'_>) -> Vec<Vec<Standing>> {
    if level.len() < 2 {
        return vec![level.to_vec()];
    }
    for tiebreaker in &by.stage.tiebreakers {
        let mut keyed: Vec<(Reverse<Key>, Standing)> =
            level.iter().map(|line| (Reverse(by.key(*tiebreaker, line, level)), *line)).collect();
        keyed.sort_by_key(|(key, line)| (*key, line.team_id));
        let parts: Vec<_> = keyed.chunk_by(|(a, _), (b, _)| a == b).collect();
        if parts.len() > 1 {
            let lines = |part: &[(_, Standing)]| part.iter().map(|(_, line)| *line).collect::<Vec<_>>();
            return parts.into_iter().flat_map(|part| separate(&lines(part), by)).collect();
        }
    }
    vec![level.to_vec()]
}

/// More is better; of a rule with one number the second is 0.
type Key = (i64, i64);

impl Level<'_> {
    fn key(&self, tiebreaker: Tiebreaker, line: &Standing, level: &[Standing]) -> Key {
        let one = |number: i32| (i64::from(number), 0);
        match tiebreaker {
            Tiebreaker::GameDifference => one(line.game_difference()),
            Tiebreaker::GameWins => one(line.game_wins),
            Tiebreaker::Losses => one(-line.losses),
            Tiebreaker::HeadToHead => one(self.among(line.team_id, level).map_or(0, |among| among.wins)),
            Tiebreaker::HeadToHeadGames => {
                one(self.among(line.team_id, level).map_or(0, |among| among.game_difference()))
            }
            Tiebreaker::TiebreakerMatch => self.tiebreaker(line.team_id, level),
            Tiebreaker::OpponentWins => one(self.wins_of_opponents(line.team_id, |_| true)),
            Tiebreaker::StrengthOfVictory => {
                one(self.wins_of_opponents(line.team_id, |m| m.winner_id == Some(line.team_id)))
            }
            Tiebreaker::Seed => {
                let place = self.stage.seeds.iter().position(|seed| *seed == line.team_id);
                one(place.and_then(|place| i32::try_from(place).ok()).map_or(i32::MIN, |place| -place))
            }
        }
    }

    /// A team's line in the matches among those who are level; `None` unless all of these have met equally often.
    fn among(&self, team: TeamId, level: &[Standing]) -> Option<Standing> {
        let among: Vec<&Match> = between(self.results.counted, level).collect();
        let met = |a: TeamId, b: TeamId| among.iter().filter(|m| plays(m, a) && plays(m, b)).count();
        let mut meetings = level
            .iter()
            .enumerate()
            .flat_map(|(place, a)| level.iter().skip(place + 1).map(move |b| (a.team_id, b.team_id)));
        let first = meetings.next().map(|(a, b)| met(a, b))?;
        (first > 0 && meetings.all(|(a, b)| met(a, b) == first))
            .then(|| Standing::after(team, among.iter().copied()))
    }

    /// What tiebreakers say of a team: by results among those who are level, once each has one; otherwise, of a ladder in which
    /// each has lost to somebody else, who fell later.
    fn tiebreaker(&self, team: TeamId, level: &[Standing]) -> Key {
        let among: Vec<&Match> = between(self.results.tiebreakers, level).collect();
        let plays_in = |matches: &[&Match], team| matches.iter().any(|m| m.is_decided() && plays(m, team));
        if !among.is_empty() {
            if !level.iter().all(|line| plays_in(&among, line.team_id)) {
                return (0, 0);
            }
            let line = Standing::after(team, among.iter().copied());
            return (line.wins.into(), (-line.losses).into());
        }
        if !level.iter().all(|line| plays_in(self.results.tiebreakers, line.team_id)) {
            return (0, 0);
        }
        let own = self.results.tiebreakers.iter().filter(|m| m.is_decided() && plays(m, team));
        (own.map(|m| m.starts_at.timestamp()).max().unwrap_or_default(), 0)
    }

    fn wins_of_opponents(&self, team: TeamId, counts: impl Fn(&Match) -> bool) -> i32 {
        let own = self.results.counted.iter().filter(|m| m.is_decided() && plays(m, team) && counts(m));
        let opponents = own.filter_map(|m| if m.team1_id == Some(team) { m.team2_id } else { m.team1_id });
        opponents.map(|opponent| Standing::after(opponent, self.results.counted.iter().copied()).wins).sum()
    }
}

fn plays(m: &Match, team: TeamId) -> bool {
    m.side_of(team).is_some()
}

/// Decided matches among those who are level.
fn between<'a>(matches: &[&'a Match], level: &[Standing]) -> impl Iterator<Item = &'a Match> {
    let is_level =
        |team: Option<TeamId>| team.is_some_and(|team| level.iter().any(|line| line.team_id == team));
    matches.iter().copied().filter(move |m| m.is_decided() && is_level(m.team1_id) && is_level(m.team2_id))
}
