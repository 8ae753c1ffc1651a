use chrono::{DateTime, Utc};
use clap::Subcommand;
use loljoa_proto::league_schedule::v1::{
    Match, MatchState, RecordResultRequest, Team, UpdateMatchRequest,
    league_admin_service_client::LeagueAdminServiceClient,
};
use loljoa_service_kit::{MatchId, TeamId};

use crate::{
    cli::connect::{Target, answer},
    console::say,
    system::Service,
};

/// What admins do to matches.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Record a match's result
    Result {
        /// The match
        #[arg(value_parser = MatchId::parse)]
        match_id: MatchId,
        /// Games that the first team won
        team1_wins: i32,
        /// Games that the second team won
        team2_wins: i32,
        #[command(flatten)]
        target: Target,
    },
    /// Record that a team did not play: its markets are voided
    Forfeit {
        /// The match
        #[arg(value_parser = MatchId::parse)]
        match_id: MatchId,
        /// The team that forfeits
        #[arg(value_parser = TeamId::parse)]
        team_id: TeamId,
        #[command(flatten)]
        target: Target,
    },
    /// Move a match's start, and with it the lock of its markets
    Postpone {
        /// The match
        #[arg(value_parser = MatchId::parse)]
        match_id: MatchId,
        /// The new start, such as 2022-03-20T08:00:00Z
        starts_at: DateTime<Utc>,
        #[command(flatten)]
        target: Target,
    },
    /// Cancel a match: its markets are voided
    Cancel {
        /// The match
        #[arg(value_parser = MatchId::parse)]
        match_id: MatchId,
        #[command(flatten)]
        target: Target,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let found = match command {
        Command::Result { match_id, team1_wins, team2_wins, target } => {
            let match_id = match_id.to_string();
            record(&target, RecordResultRequest { match_id, team1_wins, team2_wins, ..Default::default() })
                .await?
        }
        Command::Forfeit { match_id, team_id, target } => {
            let (match_id, forfeited_by_id) = (match_id.to_string(), team_id.to_string());
            record(&target, RecordResultRequest { match_id, forfeited_by_id, ..Default::default() }).await?
        }
        Command::Postpone { match_id, starts_at, target } => {
            let starts_at = prost_types::Timestamp { seconds: starts_at.timestamp(), nanos: 0 };
            let match_id = match_id.to_string();
            update(&target, UpdateMatchRequest { match_id, starts_at: Some(starts_at), cancel: false })
                .await?
        }
        Command::Cancel { match_id, target } => {
            let match_id = match_id.to_string();
            update(&target, UpdateMatchRequest { match_id, starts_at: None, cancel: true }).await?
        }
    };
    say(found.as_ref().map_or_else(String::new, describe));
    Ok(())
}

async fn record(target: &Target, request: RecordResultRequest) -> anyhow::Result<Option<Match>> {
    let record = async |channel| {
        Ok(answer(LeagueAdminServiceClient::new(channel).record_result(request).await)?.r#match)
    };
    target.as_admin(Service::LeagueSchedule, record).await
}

async fn update(target: &Target, request: UpdateMatchRequest) -> anyhow::Result<Option<Match>> {
    let update = async |channel| {
        Ok(answer(LeagueAdminServiceClient::new(channel).update_match(request).await)?.r#match)
    };
    target.as_admin(Service::LeagueSchedule, update).await
}

/// A match in a line.
pub(super) fn describe(found: &Match) -> String {
    let code = |team: &Option<Team>| team.as_ref().map_or("?", |team| team.code.as_str()).to_owned();
    let state = match found.state() {
        MatchState::Scheduled | MatchState::Unspecified => "scheduled",
        MatchState::InProgress => "in progress",
        MatchState::Completed => "completed",
        MatchState::Forfeited => "forfeited",
        MatchState::Cancelled => "cancelled",
    };
    let (team1, team2) = (code(&found.team1), code(&found.team2));
    format!("{team1} {}–{} {team2}: {state}", found.team1_wins, found.team2_wins)
}
