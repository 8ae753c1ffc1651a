//! Thousands listen to a market: first while nothing happens, then while bets arrive.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use loljoa_service_kit::Clock;
use sqlx::PgPool;
use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{Manner, cost, load, told};
use crate::{
    console::complain,
    engine::{drive, view::Live},
    lab::{GATEWAY, Lab, Stack},
    listeners::{Crowd, Told},
    results::{Found, Listening, Run, title},
    scenario::Kind,
};

/// What has to do with coming, such as buffers of a request, is over by then.
const QUIET: Duration = Duration::from_secs(5);

/// Gathers listeners, waits, and lets bets come.
pub(super) async fn run(
    lab: &mut Lab,
    stack: &Stack,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let kind = Kind::Stream;
    let world = lab.world(stack, kind).await?;
    let market = world.markets.first().context("there is no market")?;
    lab.settle_down().await?;
    let subject = lab.subject_of(stack)?;
    time::sleep(QUIET).await;
    let before_bytes = subject.memory_of(GATEWAY)?;
    let listeners = manner.size.listeners;
    let title = title(kind, Some(stack.against()), connections, stack.replicas(), manner.rate);
    complain(format_args!("{title}: {listeners} listeners come …"));
    let crowd = Crowd::gather(&stack.gateways(), &world, market, listeners).await?;
    time::sleep(QUIET).await;
    let quiet_bytes = subject.memory_of(GATEWAY)?;

    complain(format_args!("{title} …"));
    let load = load(kind, connections, manner);
    let live = Live::begin(&manner.view, title, &load)?;
    let look = async || subject.look().await;
    let (recorder, before, after) = drive(stack.gateways(), load, kind.of(world.clone()), live, look).await?;
    let heard = crowd.heard(&bets(stack.bets(), market.market_id).await?).await;

    let mut run = told(kind, load, manner.rate, &recorder);
    for error in heard.errors {
        *run.errors.entry(error).or_default() += 1;
    }
    run.found = Some(Found::Stream(Listening {
        listeners,
        before_bytes,
        quiet_bytes,
        updates: heard.updates,
        lag: heard.lag,
    }));
    run.cost = Some(cost(&before, &after));
    run.audit = Some(lab.audit(stack, &world, recorder.accepted_in_all()).await?);
    Ok(run)
}

/// When each bet of a market was recorded, and what the pool was with it. Bets are recorded under their market's lock, so the
/// order of their numbers is that in which they came into the pool.
async fn bets(pool: &PgPool, market_id: Uuid) -> anyhow::Result<Vec<Told>> {
    let (clock, now) = (Clock::system().now(), Instant::now());
    let rows: Vec<(DateTime<Utc>, i64)> = sqlx::query_as(
        "SELECT recorded_at, (sum(stake) OVER (ORDER BY seq))::bigint FROM bets WHERE market_id = $1 ORDER BY seq",
    )
    .bind(market_id)
    .fetch_all(pool)
    .await?;
    let told = |(recorded_at, pool): (DateTime<Utc>, i64)| {
        let ago = (clock - recorded_at).to_std().unwrap_or_default();
        Told { at: now.checked_sub(ago).unwrap_or(now), pool }
    };
    Ok(rows.into_iter().map(told).collect())
}
