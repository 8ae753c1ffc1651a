use clap::{Args, Subcommand};
use loljoa_proto::betting::v1::{
    CorrectMarketRequest, LockMarketRequest, Market, MarketState, SettleMarketRequest, VoidMarketRequest,
    market_admin_service_client::MarketAdminServiceClient,
};
use loljoa_service_kit::{MarketId, OutcomeId};

use crate::{
    cli::connect::{AsAdmin, Target, answer},
    console::say,
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
    /// Pay, from the house, what a settled or void market would have paid on another outcome
    Correct(OnOutcome),
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

pub(super) type Client = MarketAdminServiceClient<AsAdmin>;

/// What admins call.
pub(super) async fn connect(target: &Target) -> anyhow::Result<Client> {
    Ok(MarketAdminServiceClient::new(target.connect_as_admin(Service::Betting).await?))
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let market = match command {
        Command::Lock(OnMarket { market_id, target }) => {
            let request = LockMarketRequest { market_id: market_id.to_string() };
            answer(connect(&target).await?.lock_market(request).await)?.market
        }
        Command::Settle(OnOutcome { market_id, outcome_id, target }) => {
            let (market_id, outcome_id) = (market_id.to_string(), outcome_id.to_string());
            answer(
                connect(&target).await?.settle_market(SettleMarketRequest { market_id, outcome_id }).await,
            )?
            .market
        }
        Command::Void(OnMarket { market_id, target }) => {
            let request = VoidMarketRequest { market_id: market_id.to_string() };
            answer(connect(&target).await?.void_market(request).await)?.market
        }
        Command::Correct(on) => return correct(on).await,
    };
    say(market.as_ref().map_or_else(String::new, describe));
    Ok(())
}

async fn correct(on: OnOutcome) -> anyhow::Result<()> {
    let (market_id, outcome_id) = (on.market_id.to_string(), on.outcome_id.to_string());
    let mut client = connect(&on.target).await?;
    let corrected = answer(client.correct_market(CorrectMarketRequest { market_id, outcome_id }).await)?;
    if corrected.bets == 0 && corrected.points > 0 {
        say(format_args!("very many bets get {} points from the house", corrected.points));
    } else {
        say(format_args!("{} bets get {} points from the house", corrected.bets, corrected.points));
    }
    Ok(())
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
