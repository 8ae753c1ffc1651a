use clap::{Args, Subcommand, ValueEnum};
use loljoa_proto::betting::v1::{
    Incident, IncidentState, ListIncidentsRequest, ResolveIncidentRequest, RetryOwedRequest,
};
use loljoa_service_kit::IncidentId;

use super::markets::{Client, as_admin};
use crate::{
    cli::connect::{Target, answer},
    console::{say, table},
};

/// What admins do about what needs them.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List what needs a person: changed results, refused payments, differences
    Incidents {
        /// Which of them
        #[arg(long, value_enum, default_value_t = Show::Open)]
        show: Show,
        #[command(flatten)]
        target: Target,
    },
    /// Note that an incident has been dealt with; it opens again when it occurs again
    Resolve(Resolve),
    /// Send the payments that the ledger refused once more, after their cause is mended
    RetryOwed {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Show {
    Open,
    Resolved,
    All,
}

#[derive(Args)]
pub(super) struct Resolve {
    /// The incident
    #[arg(value_parser = IncidentId::parse)]
    incident_id: IncidentId,
    /// What was done about it
    note: String,
    #[command(flatten)]
    target: Target,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Incidents { show, target } => {
            as_admin(&target, async |client| list(client, show).await).await
        }
        Command::Resolve(resolution) => resolve(resolution).await,
        Command::RetryOwed { target } => as_admin(&target, retry_owed).await,
    }
}

async fn list(mut client: Client, show: Show) -> anyhow::Result<()> {
    let state = match show {
        Show::Open => IncidentState::Open,
        Show::Resolved => IncidentState::Resolved,
        Show::All => IncidentState::Unspecified,
    };
    let mut rows = vec![["incident", "kind", "times", "match", "market", "what"].map(str::to_owned).to_vec()];
    let mut cursor = String::new();
    loop {
        let request = ListIncidentsRequest { limit: 100, cursor, state: state.into() };
        let page = answer(client.list_incidents(request).await)?;
        rows.extend(page.incidents.into_iter().map(row));
        if page.next_cursor.is_empty() {
            break;
        }
        cursor = page.next_cursor;
    }
    say(if rows.len() == 1 { "Nothing needs a person.".to_owned() } else { table(&rows) });
    Ok(())
}

fn row(incident: Incident) -> Vec<String> {
    let what = match incident.resolution.filter(|_| incident.state == IncidentState::Resolved as i32) {
        Some(resolution) => format!("{} ({}: {})", incident.message, resolution.resolved_by, resolution.note),
        None => incident.message,
    };
    let times = incident.occurrences.to_string();
    vec![incident.incident_id, incident.kind, times, incident.match_id, incident.market_id, what]
}

async fn resolve(resolution: Resolve) -> anyhow::Result<()> {
    let request = ResolveIncidentRequest {
        incident_id: resolution.incident_id.to_string(),
        note: resolution.note,
        ..ResolveIncidentRequest::default()
    };
    let resolve = async |mut client: Client| answer(client.resolve_incident(request).await);
    as_admin(&resolution.target, resolve).await?;
    say("The incident is resolved.");
    Ok(())
}

async fn retry_owed(mut client: Client) -> anyhow::Result<()> {
    let retried = answer(client.retry_owed(RetryOwedRequest {}).await)?.payments;
    say(format_args!("{retried} refused payments are sent once more"));
    Ok(())
}
