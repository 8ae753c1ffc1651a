//! Markets and their outcomes.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{AccountId, MarketId, MatchId, OutcomeId, Points};

use super::Odds;

/// What a market asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Template {
    /// 승부예측: who wins the match.
    MatchWinner,
    /// The exact set score.
    ExactScore,
    /// How many sets are played.
    TotalSets,
    /// Who wins a bracket.
    Champion,
    /// Who is first of a table.
    First,
    /// A question that an admin asked and settles.
    Custom,
}

impl Template {
    /// The stable name, part of a market's id.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MatchWinner => "match_winner",
            Self::ExactScore => "exact_score",
            Self::TotalSets => "total_sets",
            Self::Champion => "champion",
            Self::First => "first",
            Self::Custom => "custom",
        }
    }
}

/// Where a market stands. open → locked → settling → settled; open or locked → voiding → void; locked → open only by a
/// later start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum MarketState {
    /// Takes bets until its lock.
    Open,
    /// Takes no bets; the result is awaited.
    Locked,
    /// The outcome is fixed, payments are under way.
    Settling,
    /// Everybody is paid.
    Settled,
    /// Refunds are under way.
    Voiding,
    /// Every stake is given back.
    Void,
}

impl MarketState {
    /// The stable name.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Locked => "locked",
            Self::Settling => "settling",
            Self::Settled => "settled",
            Self::Voiding => "voiding",
            Self::Void => "void",
        }
    }
}

/// Why a market was voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum VoidReason {
    /// The match was decided without play.
    Forfeit,
    /// The match will not be played.
    Cancelled,
    /// The match changed: what was asked is asked no more, or otherwise.
    MatchChanged,
    /// Nobody had a stake on the winning outcome.
    NoWinningStake,
    /// An admin decided so.
    Admin,
}

impl VoidReason {
    /// The stable name.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Forfeit => "forfeit",
            Self::Cancelled => "cancelled",
            Self::MatchChanged => "match_changed",
            Self::NoWinningStake => "no_winning_stake",
            Self::Admin => "admin",
        }
    }
}

/// The account with the most points on an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TopBettor {
    /// Who.
    pub(crate) account_id: AccountId,
    /// All stakes of this account on the outcome.
    pub(crate) stake: Points,
}

/// Who has staked on a market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bettors {
    /// So many accounts. One that is among the leaders of no outcome counts for each outcome that it has bet on.
    pub(crate) count: i64,
    /// Those of the leaders with the most points on all outcomes together, the largest first.
    pub(crate) largest: Vec<TopBettor>,
}

/// An answer of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Its id.
    pub(crate) outcome_id: OutcomeId,
    /// A team's code, a score such as `2-1`, a number of sets, or a custom answer's number.
    pub(crate) key: String,
    /// In English.
    pub(crate) label_en: String,
    /// In Korean.
    pub(crate) label_ko: String,
    /// All stakes on it.
    pub(crate) pool: Points,
    /// Accounts with a stake on it.
    pub(crate) bettors: i64,
    /// None without stakes.
    pub(crate) top: Option<TopBettor>,
}

/// A question on a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Market {
    /// Its id.
    pub(crate) market_id: MarketId,
    /// The match it asks about.
    pub(crate) match_id: MatchId,
    /// What it asks.
    pub(crate) template: Template,
    /// In English.
    pub(crate) question_en: String,
    /// In Korean.
    pub(crate) question_ko: String,
    /// Where it stands.
    pub(crate) state: MarketState,
    /// When it was first there to be bet on.
    pub(crate) opened_at: DateTime<Utc>,
    /// From this instant on it takes no bets.
    pub(crate) lock_at: DateTime<Utc>,
    /// All stakes.
    pub(crate) pool: Points,
    /// The outcome that it is to settle on. A locked market that has one is decided: its winners are being counted. Kept when
    /// it turns out that nobody had a stake on it.
    pub(crate) decided_outcome_id: Option<OutcomeId>,
    /// Set from settling on.
    pub(crate) settled_outcome_id: Option<OutcomeId>,
    /// Set from voiding on.
    pub(crate) void_reason: Option<VoidReason>,
    /// Counts the changes; a higher one is newer.
    pub(crate) revision: i64,
    /// Its answers, in order.
    pub(crate) outcomes: Vec<Outcome>,
}

impl Market {
    /// Whether its outcome is fixed, or it is void, so that its lock moves no more.
    #[must_use]
    pub(crate) const fn is_decided(&self) -> bool {
        match self.state {
            MarketState::Open => false,
            MarketState::Locked => self.decided_outcome_id.is_some(),
            _ => true,
        }
    }

    /// Whether a bet at `instant` would stand.
    #[must_use]
    pub(crate) fn takes_bets(&self, instant: DateTime<Utc>) -> bool {
        self.state == MarketState::Open && instant < self.lock_at
    }

    /// Until when a bet can be cancelled.
    #[must_use]
    pub(crate) fn cancel_until(&self, window: TimeDelta) -> DateTime<Utc> {
        self.lock_at - window
    }

    /// The outcome of this id, if it is one of this market's.
    #[must_use]
    pub(crate) fn outcome(&self, id: OutcomeId) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.outcome_id == id)
    }

    /// The present odds of an outcome.
    #[must_use]
    pub(crate) fn odds(&self, outcome: &Outcome) -> Option<Odds> {
        Odds::of(self.pool, outcome.pool)
    }
}
