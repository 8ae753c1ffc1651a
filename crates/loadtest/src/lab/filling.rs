//! Bets that have to be there before something is measured.
//!
//! They come as the gateway sends them when many wait, up to a thousand in a call, and go all the way from there: betting has
//! account take the stakes, and records the bets. Only the gateway's work for each request is left out.

use std::{net::SocketAddr, time::Duration};

use anyhow::bail;
use futures::{StreamExt, TryStreamExt, stream};
use loljoa_proto::betting::v1::{
    PlaceBet, PlaceBetsRequest, betting_service_client::BettingServiceClient,
    place_bet_result::Result as Answer,
};
use loljoa_service_kit::{
    config::Upstream,
    grpc::{Channel, client},
};
use tokio::time::{self, Instant};
use url::Url;

use crate::{
    console::complain,
    scenario::{self, Turn, World},
};

/// What betting takes in one call.
const IN_A_CALL: u64 = 1_000;
/// One is recorded while the stakes of the next are taken.
const CALLS_AT_ONCE: usize = 4;
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// On a machine that is busy with other things betting may ask to come again.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

type Betting = BettingServiceClient<Channel>;

/// Has betting at `address` record `count` bets on the hot market of `world`.
pub(super) async fn fill(address: SocketAddr, world: &World, count: u64) -> anyhow::Result<()> {
    let url = Url::parse(&format!("http://{address}"))?;
    let betting = BettingServiceClient::new(client::connect(&Upstream::at(url))?);
    let calls = (0..count.div_ceil(IN_A_CALL)).map(|call| {
        let numbers = call * IN_A_CALL..count.min((call + 1) * IN_A_CALL);
        place(&betting, numbers.map(|number| bet(world, number)).collect())
    });
    let mut placing = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
    let (mut placed, mut told) = (0, Instant::now());
    while let Some(more) = placing.try_next().await? {
        placed += more;
        if told.elapsed() >= TOLD_EVERY {
            complain(format_args!("  {placed} of {count} bets are there"));
            told = Instant::now();
        }
    }
    Ok(())
}

fn bet(world: &World, number: u64) -> PlaceBet {
    let bet = scenario::hot_bet(world, Turn { in_run: number, in_worker: 0, worker: 0 });
    PlaceBet {
        account_id: bet.user.account_id.to_string(),
        idempotency_key: bet.key.to_string(),
        market_id: bet.market_id.to_string(),
        outcome_id: bet.outcome_id.to_string(),
        stake: bet.stake,
        traceparent: String::new(),
    }
}

/// Places `bets`, and tells how many they are. The call can be made again: each has its key.
async fn place(betting: &Betting, bets: Vec<PlaceBet>) -> anyhow::Result<usize> {
    let mut attempt = 1;
    loop {
        let request = client::repeatable(PlaceBetsRequest { bets: bets.clone() });
        let why = match betting.clone().place_bets(request).await {
            Ok(answer) => {
                let results = answer.into_inner().results;
                let refused = results.iter().find(|result| !matches!(result.result, Some(Answer::Placed(_))));
                match refused {
                    None => return Ok(bets.len()),
                    Some(refused) => format!("{refused:?}"),
                }
            }
            Err(status) => status.to_string(),
        };
        if attempt == ATTEMPTS {
            bail!("betting does not take {} bets: {why}", bets.len());
        }
        time::sleep(PAUSE).await;
        attempt += 1;
    }
}
