//! Clients of an experiment: so many requests a second whatever becomes of them, each told from when it was due.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode, header};
use loljoa_loadtest::scenario::{STAKE, User, World};
use loljoa_service_kit::ids;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{self, Instant},
};
use uuid::Uuid;

use crate::timeline::Timeline;

/// Longer than the gateway gives itself.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Between two attempts of one request.
const PAUSE: Duration = Duration::from_millis(250);
/// For so long somebody insists on a bet.
const INSISTS: Duration = Duration::from_secs(25);
/// More under way are not begun: they would be a load of their own.
const UNDER_WAY: usize = 2_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// A bet.
    Bet,
    /// The markets of a match.
    Look,
    /// The matches.
    Matches,
    /// The own account.
    Me,
}

impl Ask {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bet, Self::Look, Self::Matches, Self::Me];

    /// Its name, such as `bet`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bet => "bet",
            Self::Look => "markets",
            Self::Matches => "matches",
            Self::Me => "account",
        }
    }
}

/// A request with all its attempts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What was asked for.
    pub ask: Ask,
    /// When it was due, since the load began. Seconds.
    pub due: f64,
    /// From then until its last answer. Seconds.
    pub took: f64,
    /// The attempts that came to nothing, in their order: a status and a reason, or what happened to the connection.
    pub failures: Vec<String>,
    /// Whether the last attempt came to something.
    pub is_good: bool,
}

/// Who asks, and how.
#[derive(Clone, Debug)]
pub struct Clients {
    http: Client,
    /// Where the gateway is, such as `http://127.0.0.1:8080`.
    base: String,
    world: World,
    /// Requests a second.
    rate: f64,
    /// So long they take to be so many. Seconds.
    rise: f64,
    /// What is asked for in turn.
    asks: Vec<Ask>,
    /// Whether a request that failed is sent again, with the same key.
    insist: bool,
}

impl Clients {
    /// Clients that ask `base` for each of `asks` in turn, at `rate` a second.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn new(base: &str, world: World, rate: f64, asks: &[Ask]) -> anyhow::Result<Self> {
        let http = Client::builder().build()?;
        let (base, asks) = (base.trim_end_matches('/').to_owned(), asks.to_vec());
        Ok(Self { http, base, world, rate, rise: 0.0, asks, insist: false })
    }

    /// The same, by a client that finds the gateway its own way.
    #[must_use]
    pub fn by(self, http: Client) -> Self {
        Self { http, ..self }
    }

    /// The same, who come one after the other for so long until all are there.
    #[must_use]
    pub fn that_rise(self, over: Duration) -> Self {
        Self { rise: over.as_secs_f64(), ..self }
    }

    /// The same, and what failed is sent again with the same key until it came to something.
    #[must_use]
    pub fn that_insist(self) -> Self {
        Self { insist: true, ..self }
    }

    /// Asks for `length`, and waits for what is under way then.
    pub async fn run(self, timeline: Timeline, length: Duration) -> Vec<Asked> {
        let (_open, never) = oneshot::channel();
        self.run_until(timeline, length, never).await
    }

    /// The same until `end`, or its sender's end, but for `most` at the longest.
    pub async fn run_until(
        self,
        timeline: Timeline,
        most: Duration,
        mut end: oneshot::Receiver<()>,
    ) -> Vec<Asked> {
        let clients = Arc::new(self);
        let began = Instant::now();
        let (mut under_way, mut asked, mut number) = (JoinSet::new(), Vec::new(), 0);
        loop {
            // What is begun late is due when it should have been.
            let due = began + due(number, clients.rate, clients.rise);
            if due >= began + most {
                break;
            }
            tokio::select! {
                () = time::sleep_until(due) => {}
                _ = &mut end => break,
            }
            while under_way.len() >= UNDER_WAY {
                asked.extend(under_way.join_next().await.and_then(Result::ok));
            }
            let late = Instant::now().saturating_duration_since(due);
            let due = timeline.elapsed().saturating_sub(late);
            under_way.spawn(Arc::clone(&clients).ask(number, timeline.clone(), due));
            number += 1;
            while let Some(ended) = under_way.try_join_next() {
                asked.extend(ended.ok());
            }
        }
        while let Some(ended) = under_way.join_next().await {
            asked.extend(ended.ok());
        }
        asked.sort_by(|one, other| one.due.total_cmp(&other.due));
        asked
    }

    async fn ask(self: Arc<Self>, number: usize, timeline: Timeline, due: Duration) -> Asked {
        let ask = self.asks[number % self.asks.len()];
        let (key, began) = (ids::fresh(), Instant::now());
        let mut failures = Vec::new();
        let is_good = loop {
            let Err(failure) = self.attempt(ask, number, key).await else { break true };
            failures.push(failure);
            if !self.insist || began.elapsed() > INSISTS {
                break false;
            }
            time::sleep(PAUSE).await;
        };
        let took = timeline.elapsed().saturating_sub(due).as_secs_f64();
        Asked { ask, due: due.as_secs_f64(), took, failures, is_good }
    }

    async fn attempt(&self, ask: Ask, number: usize, key: Uuid) -> Result<(), String> {
        let World { users, markets, .. } = &self.world;
        // Who comes asks for everything, one after the other.
        let visit = number / self.asks.len();
        let (user, market) = (&users[visit % users.len()], &markets[number % markets.len()]);
        let request = match ask {
            Ask::Bet => {
                let outcome = market.outcome_ids[(number / markets.len()) % market.outcome_ids.len()];
                let bet = json!({ "marketId": market.market_id, "outcomeId": outcome, "stake": STAKE });
                let request = self.request(Method::POST, "/api/betting/bets", user);
                request.header("idempotency-key", key.to_string()).json(&bet)
            }
            Ask::Look => {
                let path = format!("/api/betting/markets?matchId={}", market.match_id);
                self.request(Method::GET, &path, user)
            }
            Ask::Matches => self.request(Method::GET, "/api/league/matches?limit=20", user),
            Ask::Me => self.request(Method::GET, "/api/account/me", user),
        };
        let response = request.send().await.map_err(|error| connection(&error))?;
        let status = response.status();
        let body = response.text().await.map_err(|error| connection(&error))?;
        if status.is_success() { Ok(()) } else { Err(refusal(status, &body)) }
    }

    fn request(&self, method: Method, path: &str, user: &User) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.header(header::AUTHORIZATION, user.authorization.clone()).timeout(TIMEOUT)
    }
}

/// When a request is due, since the first one was.
#[expect(clippy::cast_precision_loss, reason = "requests are not that many")]
fn due(number: usize, rate: f64, rise: f64) -> Duration {
    let (number, meanwhile) = (number as f64, rate * rise / 2.0);
    // While they rise, after t seconds there were rate × t² ÷ 2 rise of them.
    let seconds = if number < meanwhile {
        (2.0 * rise * number / rate).sqrt()
    } else {
        rise + (number - meanwhile) / rate
    };
    Duration::from_secs_f64(seconds)
}

fn refusal(status: StatusCode, body: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    format!("{} {}", status.as_u16(), problem["code"].as_str().unwrap_or_default()).trim_end().to_owned()
}

fn connection(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_a_steady_rate_and_before_it_more_and_more_often() {
        let at = |number, rise| due(number, 100.0, rise).as_secs_f64();
        assert_eq!((at(0, 0.0), at(50, 0.0), at(100, 0.0)), (0.0, 0.5, 1.0));
        // In four seconds of rise come half as many as otherwise.
        assert_eq!((at(0, 4.0), at(50, 4.0), at(200, 4.0), at(300, 4.0)), (0.0, 2.0, 4.0, 5.0));
    }
}
