use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use http::HeaderValue;
use loljoa_service_kit::{Clock, ids};
use tokio::net::lookup_host;
use url::Url;

use super::{EXIT_USAGE, code, load::LoadOptions};
use crate::{
    bench::{Size, load, told},
    console::complain,
    engine::{drive, view::Live},
    lab::{self, api::Api},
    measure,
    results::Results,
    scenario::{Kind, User, World},
};

const OPEN: &str = "open";

#[derive(Args)]
#[command(
    after_help = "Signs users up, who bet on the markets that are open. They have no more points than anybody who signs up, and \
    limits hold for them as for anybody.\n\nExamples:\n  loljoa-bench target http://127.0.0.1:8080 hot-market\n  \
    loljoa-bench target http://gateway.loljoa.svc:8080 season --allow-remote --rate 200 --users 20"
)]
pub(super) struct Arguments {
    /// The gateway, such as `http://127.0.0.1:8080`
    url: Url,
    /// What is asked
    #[arg(value_enum)]
    scenario: Kind,
    /// Connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[command(flatten)]
    load: LoadOptions,
    /// Who bets
    #[arg(long, default_value_t = 10)]
    users: usize,
    /// Put load on another machine, which has to be yours
    #[arg(long)]
    allow_remote: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { url, scenario, connections, load: options, users, allow_remote } = arguments;
    anyhow::ensure!(
        url.scheme() == "http",
        "only plain http can be measured: what is in front of it is not ours"
    );
    let host = url.host_str().context("the URL has no host")?;
    let port = url.port_or_known_default().context("the URL has no port")?;
    let found = lookup_host((host.trim_matches(['[', ']']), port)).await?.next();
    let address = found.with_context(|| format!("{host} has no address"))?;
    if !address.ip().is_loopback() && !allow_remote {
        complain(format_args!("{url} is another machine: if it is yours, say --allow-remote"));
        return Ok(ExitCode::from(EXIT_USAGE));
    }
    if !scenario.is_plain() {
        complain(format_args!("{} needs a system that the lab starts itself: say run", scenario.name()));
        return Ok(ExitCode::from(EXIT_USAGE));
    }
    let api = Api::new(url.as_str());
    let world = World {
        host: HeaderValue::from_str(&format!("{host}:{port}"))?,
        users: sign_up(&api, users).await?.into(),
        markets: open_markets(&api).await?,
        locked: None,
    };
    let manner = options.manner(Size::default());
    let load = load(scenario, connections, &manner);
    let live = Live::begin(&manner.view, format!("{}, {url}", scenario.name()), &load)?;
    let started_at = Clock::system().now();
    let (recorder, (), ()) = drive(vec![address], load, scenario.of(world), live, async || Ok(())).await?;
    let results = Results {
        machine: measure::machine("of the target".to_owned()),
        started_at,
        revision: measure::revision(),
        is_optimised: !cfg!(debug_assertions),
        runs: vec![told(scenario, load, manner.rate, &recorder)],
    };
    options.tell(&results)?;
    Ok(code(results.are_sound()))
}

async fn sign_up(api: &Api, count: usize) -> anyhow::Result<Vec<User>> {
    let password = ids::fresh().simple().to_string();
    let mut users = Vec::with_capacity(count);
    for _ in 0..count {
        let id = ids::fresh().simple().to_string();
        let name = format!("bench{}", &id[id.len() - 10..]);
        users.push(lab::come_in(api, &name, &password).await?);
    }
    anyhow::ensure!(!users.is_empty(), "there is nobody to ask");
    Ok(users)
}

async fn open_markets(api: &Api) -> anyhow::Result<Vec<crate::scenario::Market>> {
    let live = api.live_markets().await?.into_iter().filter(|market| market.state == OPEN);
    let markets: Vec<_> = live.map(lab::market).collect();
    anyhow::ensure!(!markets.is_empty(), "no market is open there");
    Ok(markets)
}
