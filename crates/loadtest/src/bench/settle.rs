//! A market with many bets is settled: from the request until everybody is paid.

use std::time::Duration;

use anyhow::Context;
use tokio::time::{self, Instant};

use super::{Manner, cost};
use crate::{
    console::complain,
    lab::{Lab, Stack},
    results::Run,
    scenario::{Kind, Market},
};

const SETTLED: &str = "settled";
const POLL: Duration = Duration::from_millis(50);
const TOLD_EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(1);
/// What a bet adds to it: fifty times what one takes.
const PATIENCE_PER_BET: Duration = Duration::from_millis(5);

/// Fills a market, locks it and measures how long it takes to settle. A market says that it is settled when nothing is owed
/// any more, so everybody is paid then.
pub(super) async fn run(lab: &mut Lab, stack: &Stack, manner: &Manner) -> anyhow::Result<Run> {
    let bets = manner.size.settled;
    let world = lab.world(stack, Kind::Settle).await?;
    let market = world.markets.first().context("there is no market")?;
    complain(format_args!("settle, {}: placing {bets} bets …", stack.against().name()));
    stack.fill(&world, bets).await?;
    stack.lock(market).await?;
    lab.settle_down().await?;
    let subject = lab.subject_of(stack)?;
    complain(format_args!("settle, {}, {bets} bets …", stack.against().name()));
    let before = subject.look().await?;
    let started = Instant::now();
    stack.settle(market).await?;
    until_paid(stack, market, started + PATIENCE + PATIENCE_PER_BET * u32::try_from(bets)?).await?;
    let seconds = started.elapsed().as_secs_f64();
    let after = subject.look().await?;
    let unpaid = unpaid(stack, market).await?;
    let mut audit = lab.audit(stack, &world, bets).await?;
    if unpaid > 0 {
        audit.differences.push(format!("{unpaid} bets were not paid when the market was settled"));
    }
    Ok(Run {
        seconds,
        accepted: bets,
        cost: Some(cost(&before, &after)),
        audit: Some(audit),
        ..Run::of(Kind::Settle)
    })
}

/// Bets that still stand, and those that the ledger does not know the end of.
async fn unpaid(stack: &Stack, market: &Market) -> sqlx::Result<i64> {
    let count = "SELECT (SELECT count(*) FROM bets WHERE market_id = $1 AND state = 'accepted')
        + (SELECT count(*) FROM owed WHERE market_id = $1)";
    sqlx::query_scalar(count).bind(market.market_id).fetch_one(stack.bets()).await
}

async fn until_paid(stack: &Stack, market: &Market, deadline: Instant) -> anyhow::Result<()> {
    let mut told = Instant::now();
    loop {
        let state = stack.state(market).await?;
        if state == SETTLED {
            return Ok(());
        }
        anyhow::ensure!(Instant::now() < deadline, "the market is still {state}");
        if told.elapsed() >= TOLD_EVERY {
            complain(format_args!("  {state} …"));
            told = Instant::now();
        }
        time::sleep(POLL).await;
    }
}
