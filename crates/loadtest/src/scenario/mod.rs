//! What is asked: one file for each scenario.

mod bare;
mod bet;
mod burst;
mod expected;
mod hot_account;
mod hot_market;
mod login_storm;
mod markets;
pub mod overload;
mod refusals;
mod season;
mod stream;

use std::{sync::Arc, time::Duration};

use clap::ValueEnum;
use http::{HeaderValue, Request};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use bet::STAKE;
pub use expected::Expected;
pub(crate) use hot_market::bet as hot_bet;

use crate::engine::{Body, Pace, Window};

/// What there is to ask for.
#[derive(Clone, Debug)]
pub struct World {
    /// Where the gateway is, as `host:port`.
    pub host: HeaderValue,
    /// Who asks; at least one.
    pub users: Arc<Vec<User>>,
    /// Open markets; at least one, and the first is the hot one.
    pub markets: Vec<Market>,
    /// A market that takes no bets any more.
    pub locked: Option<Market>,
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct User {
    /// Their account.
    pub account_id: Uuid,
    /// Their `Authorization`.
    pub authorization: HeaderValue,
    /// What they log in with, as JSON.
    pub credentials: SecretString,
}

/// A market, as far as it is bet on.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its id.
    pub market_id: Uuid,
    /// The match that it is about.
    pub match_id: Uuid,
    /// Its outcomes; at least one.
    pub outcome_ids: Vec<Uuid>,
}

/// Which request is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Its number in the run.
    pub in_run: u64,
    /// Its number among its worker's.
    pub in_worker: u64,
    /// Whose it is.
    pub worker: usize,
}

/// A request, and what should come of it.
#[derive(Debug)]
pub struct Asked {
    /// What is sent.
    pub request: Request<Body>,
    /// What should come back.
    pub expected: Expected,
}

/// What is asked, request by request.
pub trait Scenario: Send + Sync {
    /// The request of this turn.
    fn request(&self, turn: Turn) -> Asked;
}

/// The scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A thousand users bet on one market with two outcomes
    HotMarket,
    /// One user bets on one market
    HotAccount,
    /// As hot-market, and every twentieth request cannot succeed
    Refusals,
    /// Everybody bets, over 200 markets in turn
    Markets,
    /// 80 % look, 15 % bet, 5 % read their history, over 200 markets
    Season,
    /// All users come within a second, bet four times a second for a while, and go
    Burst,
    /// An answer that asks nobody, of the gateway's own process: what season is compared with
    Bare,
    /// The hot market at three times what is sustained, and at a third of it before and afterwards
    Overload,
    /// Everybody logs in at once, while one in ten bets on one market
    LoginStorm,
    /// A market with a million bets is settled
    Settle,
    /// Thousands listen to a market while bets arrive on it
    Stream,
    /// Millions of bets, on one hot market after the other
    Long,
    /// The hot market with no trace kept, one in a hundred, and all of them, in turn
    Traces,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::HotMarket,
        Self::HotAccount,
        Self::Refusals,
        Self::Markets,
        Self::Season,
        Self::Burst,
        Self::Bare,
        Self::Overload,
        Self::LoginStorm,
        Self::Settle,
        Self::Stream,
        Self::Long,
        Self::Traces,
    ];

    /// All but `markets` and `traces`, which tell what cells and telemetry cost and nothing more about one system.
    pub fn usual() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| !matches!(kind, Self::Markets | Self::Traces))
    }

    /// Its name, such as `hot-market`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HotMarket => "hot-market",
            Self::HotAccount => "hot-account",
            Self::Refusals => "refusals",
            Self::Markets => "markets",
            Self::Season => "season",
            Self::Burst => "burst",
            Self::Overload => "overload",
            Self::LoginStorm => "login-storm",
            Self::Bare => "bare",
            Self::Settle => "settle",
            Self::Stream => "stream",
            Self::Long => "long",
            Self::Traces => "traces",
        }
    }

    /// How many open markets it wants.
    #[must_use]
    pub const fn markets(self) -> usize {
        match self {
            Self::Markets | Self::Season => season::MARKETS,
            _ => 1,
        }
    }

    /// Whether it does nothing but bet, as much as is sustained: all that the baselines can do.
    #[must_use]
    pub const fn only_bets(self) -> bool {
        matches!(self, Self::HotMarket | Self::HotAccount | Self::Refusals | Self::Burst)
    }

    /// Whether it is nothing but requests to a gateway. What is more needs the lab: it asks what only the lab may, or looks at
    /// processes.
    #[must_use]
    pub const fn is_plain(self) -> bool {
        !matches!(self, Self::Bare | Self::Overload | Self::Settle | Self::Stream | Self::Long | Self::Traces)
    }

    /// Whether it takes a stack of its own, and leaves millions of bets behind or thousands of connections.
    #[must_use]
    pub const fn is_large(self) -> bool {
        matches!(self, Self::Settle | Self::Stream | Self::Long)
    }

    /// How requests come, where the person says nothing else, if they are measured in this window.
    #[must_use]
    pub fn pace(self, window: Window) -> Pace {
        match self {
            Self::Burst => burst::pace(window.length()),
            Self::LoginStorm => login_storm::pace(window),
            Self::Stream => Pace::Rate(stream::BETS_A_SECOND),
            _ => Pace::Closed,
        }
    }

    /// Whether the beginning is measured, too.
    #[must_use]
    pub const fn is_measured_cold(self) -> bool {
        matches!(self, Self::Burst | Self::Stream)
    }

    /// How long a slice of the series over time is.
    #[must_use]
    pub const fn slice(self) -> Duration {
        match self {
            Self::Burst => Duration::from_millis(100),
            _ => Duration::from_secs(1),
        }
    }

    /// The scenario in `world`.
    #[must_use]
    pub fn of(self, world: World) -> Arc<dyn Scenario> {
        match self {
            // What is bet there is what is bet here: by everybody, on one market.
            Self::HotMarket | Self::Overload | Self::Settle | Self::Stream | Self::Long | Self::Traces => {
                Arc::new(hot_market::HotMarket(world))
            }
            Self::HotAccount => Arc::new(hot_account::HotAccount(world)),
            Self::Refusals => Arc::new(refusals::Refusals::new(world)),
            Self::Markets => Arc::new(markets::Markets(world)),
            Self::Season => Arc::new(season::Season(world)),
            Self::Burst => Arc::new(burst::Burst(world)),
            Self::LoginStorm => Arc::new(login_storm::LoginStorm(world)),
            Self::Bare => Arc::new(bare::Bare(world)),
        }
    }
}

impl World {
    fn user(&self, number: u64) -> &User {
        &self.users[index(number, self.users.len())]
    }

    fn market(&self, number: u64) -> &Market {
        &self.markets[index(number, self.markets.len())]
    }
}

impl Market {
    fn outcome(&self, number: u64) -> Uuid {
        self.outcome_ids[index(number, self.outcome_ids.len())]
    }
}

/// The `number`th in turn of so many.
#[expect(clippy::cast_possible_truncation, reason = "it is below a usize")]
const fn index(number: u64, of: usize) -> usize {
    (number % of as u64) as usize
}
