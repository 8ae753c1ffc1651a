use std::{process::ExitCode, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use loljoa_service_kit::{IdempotencyKey, Points, ids};
use reqwest::{RequestBuilder, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time;
use url::Url;
use uuid::Uuid;

use super::release::{Address, Failure, Release, Session, Wait, answer, json, web_address};
use crate::{console, signals::Signals};

/// The smallest that may be bet.
const STAKE: Points = Points(100);
/// Between two looks for a market.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often is looked anew, when something happened between two looks: to the account, or to a market before the bet.
const LOOKS: u32 = 5;

#[derive(Args)]
#[command(
    after_help = "It signs a new account up, bets the least on an open market, cancels that bet, checks that the balance is the sum of its\n\
    transfers, and logs out; each step says a sentence. The exit code is 0 when all of them did what they should. Where no market\n\
    is open, as between two seasons, nothing is bet; with --require-bet one is waited for, and its absence is a failure.\n\nExamples:\n  \
    loljoa smoke --url http://127.0.0.1:8080 --page http://127.0.0.1:8080\n  \
    loljoa smoke --url https://loljoa.example --page https://loljoa.example --require-bet"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    address: Address,
    /// Where the page is, if that is to be looked at, too
    #[arg(long, visible_alias = "web", value_name = "URL", value_parser = web_address)]
    page: Option<Url>,
    /// Wait for a market to bet on, and fail when none opens
    #[arg(long)]
    require_bet: bool,
    /// How long services that do not answer yet, or say to come again, are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

#[derive(Deserialize)]
struct Account {
    points: Points,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    match_id: Uuid,
}

#[derive(Deserialize)]
struct Market {
    #[serde(rename = "marketId")]
    id: Uuid,
    state: String,
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    outcome_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bet {
    bet_id: Uuid,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transfer {
    points: Points,
    bet_id: Option<Uuid>,
}

/// A new user's way through a running release.
struct Walk {
    release: Release,
    user: Session,
}

/// Goes a user's way, and says how far.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    tokio::select! {
        result = walk(arguments) => result,
        () = signals.stop.cancelled() => bail!("stopped before the end of the walk"),
    }
}

async fn walk(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let release = arguments.address.open()?;
    let patience = Duration::from_secs(arguments.wait);
    release.ready(patience).await?;
    console::say("every service answers");
    if let Some(page) = arguments.page {
        look_at(&release, page).await?;
    }
    let walk = Walk::sign_up(release, Wait::begin(patience)).await.context("signing up")?;
    let bet = walk.bet(arguments.require_bet.then(|| Wait::begin(patience))).await?;
    walk.audit(bet).await?;
    walk.user.close(&walk.release).await.context("logging out")?;
    console::say("it has logged out");
    Ok(ExitCode::SUCCESS)
}

async fn look_at(release: &Release, page: Url) -> anyhow::Result<()> {
    let response =
        answer(release.http.get(page.clone())).await.with_context(|| format!("the page at {page}"))?;
    let has_policy = response.headers().contains_key("content-security-policy");
    ensure!(response.text().await?.contains("LOL.JOA"), "what is at {page} is not LOL.JOA's page");
    ensure!(has_policy, "the page at {page} comes without its Content-Security-Policy");
    console::say("the page is there");
    Ok(())
}

impl Walk {
    /// One address may have only so many new accounts in a minute, so this may have to wait.
    async fn sign_up(release: Release, mut wait: Wait) -> anyhow::Result<Self> {
        let random = ids::fresh().simple().to_string();
        let username = format!("smoke_{}", &random[20..]);
        let credentials = json!({ "username": username, "password": ids::fresh().to_string() });
        let key = IdempotencyKey::fresh();
        let send = async || {
            let request = with_key(release.http.post(release.at("/api/account/signup")?), key);
            Ok(Session::open(request.json(&credentials)).await)
        };
        let user = wait.for_answer("the sign-up", send).await?;
        console::say(format_args!("{username} has signed up"));
        Ok(Self { release, user })
    }

    /// Bets and cancels, where a market is open or opens while that is waited for. Gives the bet.
    async fn bet(&self, mut wait: Option<Wait>) -> anyhow::Result<Option<Uuid>> {
        let mut looks = 1;
        let bet = loop {
            let Some(market) = self.market(&mut wait).await.context("looking for a market")? else {
                console::say("no market is open, so nothing is bet");
                return Ok(None);
            };
            match self.place(&market).await? {
                Err(Failure::Refused { status: StatusCode::CONFLICT, .. }) if looks < LOOKS => looks += 1,
                placed => break placed.context("betting")?,
            }
            time::sleep(LOOK_EVERY).await;
        };
        ensure!(bet.state == "accepted", "the bet is {}, not accepted", bet.state);
        console::say(format_args!("a bet of {STAKE} points stands"));
        self.cancel(bet.bet_id).await?;
        Ok(Some(bet.bet_id))
    }

    /// Bets on the first outcome of `market`, which may have closed since it was looked at.
    async fn place(&self, market: &Market) -> anyhow::Result<Result<Bet, Failure>> {
        let outcome_id = market.outcomes.first().context("a market without outcomes")?.outcome_id;
        let bets = self.release.http.post(self.release.at("/api/betting/bets")?);
        let request = with_key(bets, IdempotencyKey::fresh());
        let bet = json!({ "marketId": market.id, "outcomeId": outcome_id, "stake": STAKE });
        Ok(json(self.user.by(request.json(&bet))).await)
    }

    /// A market may close its cancelling, or itself, between two requests.
    async fn cancel(&self, bet_id: Uuid) -> anyhow::Result<()> {
        let request = self.release.http.delete(self.release.at(&format!("/api/betting/bets/{bet_id}"))?);
        match answer(self.user.by(request)).await {
            Ok(_) => console::say("it is cancelled"),
            Err(Failure::Refused { status: StatusCode::CONFLICT, .. }) => {
                console::say("its market lets nobody cancel any more, so it stands");
            }
            Err(failure) => return Err(failure).context("cancelling"),
        }
        Ok(())
    }

    async fn market(&self, wait: &mut Option<Wait>) -> anyhow::Result<Option<Market>> {
        loop {
            match (self.open_market().await?, wait.as_mut()) {
                (None, Some(wait)) => wait.pause("no market is open", LOOK_EVERY).await?,
                (found, _) => return Ok(found),
            }
        }
    }

    async fn open_market(&self) -> anyhow::Result<Option<Market>> {
        let matches: Page<Match> = self.get("/api/league/matches?state=scheduled&limit=20").await?;
        for found in matches.items {
            let path = format!("/api/betting/markets?matchId={}", found.match_id);
            let markets: Page<Market> = self.get(&path).await?;
            if let Some(open) = markets.items.into_iter().find(|market| market.state == "open") {
                return Ok(Some(open));
            }
        }
        Ok(None)
    }

    /// Whether the balance is what the account's transfers come to, and whether `bet` is among them.
    async fn audit(&self, bet: Option<Uuid>) -> anyhow::Result<()> {
        let mut looks = 1;
        let (points, transfers) = loop {
            let before = self.points().await?;
            let transfers = self.transfers().await?;
            if before == self.points().await? || looks == LOOKS {
                break (before, transfers);
            }
            looks += 1;
        };
        let (sum, number) = (sum(&transfers), transfers.len());
        ensure!(sum == points, "the balance is {points} points, but {number} transfers come to {sum}");
        let is_paid_for = bet.is_none_or(|bet| {
            transfers.iter().any(|transfer| transfer.bet_id == Some(bet) && transfer.points.0 < 0)
        });
        ensure!(is_paid_for, "the bet's stake is not among {number} transfers");
        console::say(format_args!("its balance of {points} points is the sum of {number} transfers"));
        Ok(())
    }

    async fn points(&self) -> anyhow::Result<Points> {
        Ok(self.get::<Account>("/api/account/me").await?.points)
    }

    async fn transfers(&self) -> anyhow::Result<Vec<Transfer>> {
        let mut all = Vec::new();
        let mut path = "/api/account/me/transfers?limit=100".to_owned();
        loop {
            let page: Page<Transfer> = self.get(&path).await?;
            all.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(all) };
            path = format!("/api/account/me/transfers?limit=100&cursor={cursor}");
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let request = self.release.http.get(self.release.at(path)?);
        json(self.user.by(request)).await.with_context(|| path.to_owned())
    }
}

fn sum(transfers: &[Transfer]) -> Points {
    Points(transfers.iter().map(|transfer| transfer.points.0).sum())
}

fn with_key(request: RequestBuilder, key: IdempotencyKey) -> RequestBuilder {
    request.header("Idempotency-Key", key.0.to_string())
}
