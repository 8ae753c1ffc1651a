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

/// Does `work` with what admins call.
pub(super) async fn as_admin<T>(
    target: &Target,
    work: impl AsyncFnOnce(Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    target.as_admin(Service::Betting, async |channel| work(Client::new(channel)).await).await
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let market = match command {
        Command::Lock(OnMarket { market_id, target }) => {
            let request = LockMarketRequest { market_id: market_id.to_string() };
            let lock = async |mut client: Client| Ok(answer(client.lock_market(request).await)?.market);
            as_admin(&target, lock).await?
        }
        Command::Settle(OnOutcome { market_id, outcome_id, target }) => {
            let (market_id, outcome_id) = (market_id.to_string(), outcome_id.to_string());
            let request = SettleMarketRequest { market_id, outcome_id };
            let settle = async |mut client: Client| Ok(answer(client.settle_market(request).await)?.market);
            as_admin(&target, settle).await?
        }
        Command::Void(OnMarket { market_id, target }) => {
            let request = VoidMarketRequest { market_id: market_id.to_string() };
            let void = async |mut client: Client| Ok(answer(client.void_market(request).await)?.market);
            as_admin(&target, void).await?
        }
        Command::Correct(on) => return correct(on).await,
    };
    say(market.as_ref().map_or_else(String::new, describe));
    Ok(())
}

async fn correct(on: OnOutcome) -> anyhow::Result<()> {
    let (market_id, outcome_id) = (on.market_id.to_string(), on.outcome_id.to_string());
    let request = CorrectMarketRequest { market_id, outcome_id };
    let correct = async |mut client: Client| answer(client.correct_market(request).await);
    let corrected = as_admin(&on.target, correct).await?;
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
