//! Reads a match as league-schedule sends it.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1::{Match, MatchState as State, Team as TeamMessage};
use loljoa_service_kit::{Error, MatchId, TeamId};

use crate::domain::{MatchNews, MatchState, Team};

/// Reads one revision of a match.
pub(crate) fn read(change: &Match) -> Result<MatchNews, Error> {
    let teams = change.team1.as_ref().zip(change.team2.as_ref());
    let teams = teams.map(|(one, two)| Ok::<_, Error>([team(one)?, team(two)?])).transpose()?;
    Ok(MatchNews {
        match_id: MatchId::parse(&change.match_id)?,
        revision: change.revision,
        state: state(change.state())?,
        starts_at: start(change)?,
        best_of: small(change.best_of, "bestOf")?,
        teams,
        wins: [small(change.team1_wins, "team1Wins")?, small(change.team2_wins, "team2Wins")?],
        needs_review: change.needs_review,
    })
}

fn team(team: &TeamMessage) -> Result<Team, Error> {
    Ok(Team {
        team_id: TeamId::parse(&team.team_id)?,
        code: team.code.clone(),
        name_en: team.name_en.clone(),
        name_ko: team.name_ko.clone(),
    })
}

fn state(state: State) -> Result<MatchState, Error> {
    match state {
        State::Unspecified => Err(invalid("state")),
        State::Scheduled => Ok(MatchState::Scheduled),
        State::InProgress => Ok(MatchState::InProgress),
        State::Completed => Ok(MatchState::Completed),
        State::Forfeited => Ok(MatchState::Forfeited),
        State::Cancelled => Ok(MatchState::Cancelled),
    }
}

fn start(change: &Match) -> Result<DateTime<Utc>, Error> {
    let at = change.starts_at.ok_or_else(|| invalid("startsAt"))?;
    let nanos = u32::try_from(at.nanos).map_err(|_| invalid("startsAt"))?;
    DateTime::from_timestamp(at.seconds, nanos).ok_or_else(|| invalid("startsAt"))
}

fn small(number: i32, field: &str) -> Result<u8, Error> {
    u8::try_from(number).ok().filter(|number| *number < 10).ok_or_else(|| invalid(field))
}

fn invalid(field: &str) -> Error {
    Error::invalid_field(field, "match_unreadable", "must be as the contract says")
}
