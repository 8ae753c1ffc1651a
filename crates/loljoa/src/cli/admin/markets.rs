use clap::{Args, Subcommand};
use loljoa_proto::betting::v1::{
    CorrectMarketRequest, Incident, ListIncidentsRequest, LockMarketRequest, Market, MarketState,
    RetryOwedRequest, SettleMarketRequest, VoidMarketRequest,
    market_admin_service_client::MarketAdminServiceClient,
};
use loljoa_service_kit::{MarketId, OutcomeId, grpc::Channel};

use crate::{
    cli::connect::{Target, answer},
    console::{say, table},
    system::Service,
};

/// What admins do to markets.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Lock a market now: no more bets
    Lock(OnMarket),
    /// Settle a locked market on an outcome: its winners are paid
    Settle(OnOutcome),
    /// Void a market: every stake goes back
    Void(OnMarket),
    /// Pay, from the house, what a settled market would have paid on another outcome
    Correct(OnOutcome),
    /// List what needs a person: changed results, refused payments, differences
    Incidents {
        #[command(flatten)]
        target: Target,
    },
    /// Send the payments that the ledger refused once more, after their cause is mended
    RetryOwed {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Args)]
pub(super) struct OnMarket {
    /// The market
    #[arg(value_parser = MarketId::parse)]
    market_id: MarketId,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
pub(super) struct OnOutcome {
    /// The market
    #[arg(value_parser = MarketId::parse)]
    market_id: MarketId,
    /// The outcome
    #[arg(value_parser = OutcomeId::parse)]
    outcome_id: OutcomeId,
    #[command(flatten)]
    target: Target,
}

type Client = MarketAdminServiceClient<Channel>;

fn connect(target: &Target) -> anyhow::Result<Client> {
    Ok(MarketAdminServiceClient::new(target.connect(Service::Betting)?))
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let market = match command {
        Command::Lock(OnMarket { market_id, target }) => {
            let request = LockMarketRequest { market_id: market_id.to_string() };
            answer(connect(&target)?.lock_market(request).await)?.market
        }
        Command::Settle(OnOutcome { market_id, outcome_id, target }) => {
            let (market_id, outcome_id) = (market_id.to_string(), outcome_id.to_string());
            answer(connect(&target)?.settle_market(SettleMarketRequest { market_id, outcome_id }).await)?
                .market
        }
        Command::Void(OnMarket { market_id, target }) => {
            let request = VoidMarketRequest { market_id: market_id.to_string() };
            answer(connect(&target)?.void_market(request).await)?.market
        }
        Command::Correct(on) => return correct(on).await,
        Command::Incidents { target } => return incidents(connect(&target)?).await,
        Command::RetryOwed { target } => return retry_owed(connect(&target)?).await,
    };
    say(market.as_ref().map_or_else(String::new, describe));
    Ok(())
}

async fn correct(on: OnOutcome) -> anyhow::Result<()> {
    let (market_id, outcome_id) = (on.market_id.to_string(), on.outcome_id.to_string());
    let mut client = connect(&on.target)?;
    let corrected = answer(client.correct_market(CorrectMarketRequest { market_id, outcome_id }).await)?;
    say(format_args!("{} bets get {} points from the house", corrected.bets, corrected.points));
    Ok(())
}

async fn retry_owed(mut client: Client) -> anyhow::Result<()> {
    let retried = answer(client.retry_owed(RetryOwedRequest {}).await)?.payments;
    say(format_args!("{retried} refused payments are sent once more"));
    Ok(())
}

async fn incidents(mut client: Client) -> anyhow::Result<()> {
    let mut rows = vec![["kind", "match", "market", "what"].map(str::to_owned).to_vec()];
    let mut cursor = String::new();
    loop {
        let page = answer(client.list_incidents(ListIncidentsRequest { limit: 100, cursor }).await)?;
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
    vec![incident.kind, incident.match_id, incident.market_id, incident.message]
}

fn describe(market: &Market) -> String {
    let state = match market.state() {
        MarketState::Open | MarketState::Unspecified => "open",
        MarketState::Locked => "locked",
        MarketState::Settling => "settling",
        MarketState::Settled => "settled",
        MarketState::Voiding => "voiding",
        MarketState::Void => "void",
    };
    format!("{}: {state}, pool {}", market.question_en, market.pool)
}
