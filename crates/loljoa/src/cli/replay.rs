use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat};
use clap::Args;
use loljoa_proto::league_schedule::v1::{
    ListTournamentsRequest, ReplayState, Source, Tournament, league_service_client::LeagueServiceClient,
};

use super::connect::{Target, answer};
use crate::{console, system::Service};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  loljoa replay\n  loljoa up --replay-interval 10s --replay-week 5   how a replay is started"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: Target,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut client = LeagueServiceClient::new(arguments.target.connect(Service::LeagueSchedule)?);
    let tournaments = answer(client.list_tournaments(ListTournamentsRequest {}).await)?.tournaments;
    let header = ["tournament", "source", "matches", "first match", "last match"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(header).chain(tournaments.iter().map(row)).collect();
    console::say(console::table(&rows));
    Ok(ExitCode::SUCCESS)
}

fn row(tournament: &Tournament) -> Vec<String> {
    let source = match (tournament.source(), tournament.replay_state()) {
        (Source::Replay, ReplayState::Finished) => "replay, finished",
        (Source::Replay, _) => "replay, running",
        (Source::Live, _) => "live",
        (Source::File | Source::Unspecified, _) => "file",
    };
    let time = |at: Option<prost_types::Timestamp>| {
        let at = at.and_then(|at| DateTime::from_timestamp(at.seconds, 0));
        at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    vec![
        tournament.name.clone(),
        source.to_owned(),
        tournament.matches.to_string(),
        time(tournament.first_match_at),
        time(tournament.last_match_at),
    ]
}
