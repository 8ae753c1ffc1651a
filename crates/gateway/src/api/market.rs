//! Markets and their outcomes.

use std::{collections::HashMap, ops::Deref, sync::Arc};

use chrono::{DateTime, Utc};
use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{AccountId, Error, MarketId, MatchId, OutcomeId, Points};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{Text, id, odds::Odds, optional_id, present, time};

/// Where a market stands: open → locked → settling → settled, or open or locked → voiding → void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarketState {
    Open,
    Locked,
    Settling,
    Settled,
    Voiding,
    Void,
}

/// What kind of question a market asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Template {
    /// 승부예측: who wins the match.
    MatchWinner,
    /// The exact set score.
    ExactScore,
    /// How many sets are played.
    TotalSets,
    /// Who wins a bracket; then `matchId` is the id of a question about a stage.
    Champion,
    /// Who is first of a table; the same holds.
    First,
    /// A question that an admin asked.
    Custom,
}

/// The account with the most points on an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopBettor {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    /// Null while the account service does not answer.
    #[schema(value_type = Option<String>)]
    username: Option<Arc<str>>,
    #[schema(value_type = i64)]
    stake: Points,
}

/// An answer to a market's question.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    #[schema(value_type = Uuid)]
    outcome_id: OutcomeId,
    /// What it stands for: a team's code, a score such as `2-1`, a number of sets, or a custom answer's number.
    key: String,
    label: Text,
    /// Stakes on this outcome.
    #[schema(value_type = i64)]
    pub(crate) pool: Points,
    /// Pool ÷ stakes on this outcome, two decimals, rounded down; null without stakes.
    #[schema(value_type = Option<f64>, example = 1.95)]
    pub(crate) odds: Option<Odds>,
    /// Accounts with a stake on this outcome.
    bettors: i64,
    top_bettor: Option<TopBettor>,
}

/// A question on a match, with the points on each answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Market {
    #[schema(value_type = Uuid)]
    pub(crate) market_id: MarketId,
    #[schema(value_type = Uuid)]
    pub(crate) match_id: MatchId,
    template: Template,
    question: Text,
    pub(crate) state: MarketState,
    /// No bet from here on.
    pub(crate) lock_at: DateTime<Utc>,
    /// No cancelling from here on.
    cancel_until: DateTime<Utc>,
    /// All stakes.
    #[schema(value_type = i64)]
    pub(crate) pool: Points,
    outcomes: Vec<Outcome>,
    #[schema(value_type = Option<Uuid>)]
    settled_outcome_id: Option<OutcomeId>,
    /// `forfeit`, `cancelled`, `match_changed`, `no_winning_stake` or `admin`; null unless void.
    void_reason: Option<String>,
    /// Counts the changes of this market; a higher one is newer.
    pub(crate) revision: i64,
}

impl Market {
    /// The market, with what is known of its top bettors' names.
    pub(crate) fn new(market: pb::Market, usernames: &HashMap<AccountId, Arc<str>>) -> Result<Self, Error> {
        let outcomes = market.outcomes.iter().map(|outcome| Outcome::new(outcome, usernames));
        Ok(Self {
            market_id: id(&market.market_id)?,
            match_id: id(&market.match_id)?,
            template: template(market.template())?,
            state: state(market.state())?,
            outcomes: outcomes.collect::<Result<_, Error>>()?,
            question: Text { en: market.question_en, ko: market.question_ko },
            lock_at: time(market.lock_at)?,
            cancel_until: time(market.cancel_until)?,
            pool: Points(market.pool),
            settled_outcome_id: optional_id(&market.settled_outcome_id)?,
            void_reason: present(market.void_reason),
            revision: market.revision,
        })
    }

    /// One of the answers.
    pub(crate) fn outcome(&self, outcome_id: OutcomeId) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.outcome_id == outcome_id)
    }

    /// Whether nothing will happen to it any more.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, MarketState::Settled | MarketState::Void)
    }
}

/// A market and its JSON, rendered once for everybody who gets to see it: bets of one batch share their markets.
#[derive(Debug)]
pub(crate) struct Rendered {
    market: Market,
    json: Box<RawValue>,
}

impl Rendered {
    /// Renders `market`.
    pub(crate) fn new(market: Market) -> Result<Self, Error> {
        let json = to_raw_value(&market).map_err(Error::internal)?;
        Ok(Self { market, json })
    }

    /// The market's JSON.
    pub(crate) fn json(&self) -> &str {
        self.json.get()
    }
}

impl Deref for Rendered {
    type Target = Market;

    fn deref(&self) -> &Market {
        &self.market
    }
}

impl Serialize for Rendered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl Outcome {
    fn new(outcome: &pb::Outcome, usernames: &HashMap<AccountId, Arc<str>>) -> Result<Self, Error> {
        let top = optional_id::<AccountId>(&outcome.top_account_id)?.map(|account_id| TopBettor {
            account_id,
            username: usernames.get(&account_id).cloned(),
            stake: Points(outcome.top_stake),
        });
        Ok(Self {
            outcome_id: id(&outcome.outcome_id)?,
            key: outcome.key.clone(),
            label: Text { en: outcome.label_en.clone(), ko: outcome.label_ko.clone() },
            pool: Points(outcome.pool),
            odds: outcome.odds_hundredths.map(Odds),
            bettors: outcome.bettors,
            top_bettor: top,
        })
    }
}

fn template(template: pb::Template) -> Result<Template, Error> {
    match template {
        pb::Template::MatchWinner => Ok(Template::MatchWinner),
        pb::Template::ExactScore => Ok(Template::ExactScore),
        pb::Template::TotalSets => Ok(Template::TotalSets),
        pb::Template::Custom => Ok(Template::Custom),
        pb::Template::Champion => Ok(Template::Champion),
        pb::Template::First => Ok(Template::First),
        pb::Template::Unspecified => Err(Error::internal("a market came without its template")),
    }
}

fn state(state: pb::MarketState) -> Result<MarketState, Error> {
    match state {
        pb::MarketState::Open => Ok(MarketState::Open),
        pb::MarketState::Locked => Ok(MarketState::Locked),
        pb::MarketState::Settling => Ok(MarketState::Settling),
        pb::MarketState::Settled => Ok(MarketState::Settled),
        pb::MarketState::Voiding => Ok(MarketState::Voiding),
        pb::MarketState::Void => Ok(MarketState::Void),
        pb::MarketState::Unspecified => Err(Error::internal("a market came without its state")),
    }
}
