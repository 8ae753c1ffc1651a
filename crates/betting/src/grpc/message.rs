//! From the domain to messages.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_proto::betting::v1::{self as proto, place_bet_result};
use loljoa_service_kit::Error;

use crate::{
    domain::{
        Bet, BetState, Market, MarketState, Outcome, Template,
        market::{Bettors, TopBettor},
        preview::{Effect, Touched},
    },
    service::{
        placement::{Answer, Placed},
        status::Status,
    },
    store::incidents::Incident,
};

pub(super) fn market(market: &Market, cancel_window: TimeDelta) -> proto::Market {
    proto::Market {
        market_id: market.market_id.to_string(),
        match_id: market.match_id.to_string(),
        template: template(market.template).into(),
        question_en: market.question_en.clone(),
        question_ko: market.question_ko.clone(),
        state: market_state(market.state).into(),
        lock_at: Some(timestamp(market.lock_at)),
        cancel_until: Some(timestamp(market.cancel_until(cancel_window))),
        pool: market.pool.0,
        outcomes: market.outcomes.iter().map(|outcome| self::outcome(market, outcome)).collect(),
        settled_outcome_id: market.settled_outcome_id.map(|id| id.to_string()).unwrap_or_default(),
        revision: market.revision,
        void_reason: market.void_reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
    }
}

fn outcome(market: &Market, outcome: &Outcome) -> proto::Outcome {
    proto::Outcome {
        outcome_id: outcome.outcome_id.to_string(),
        key: outcome.key.clone(),
        label_en: outcome.label_en.clone(),
        label_ko: outcome.label_ko.clone(),
        pool: outcome.pool.0,
        odds_hundredths: market.odds(outcome).map(|odds| odds.0),
        bettors: outcome.bettors,
        top_account_id: outcome.top.map(|top| top.account_id.to_string()).unwrap_or_default(),
        top_stake: outcome.top.map(|top| top.stake.0).unwrap_or_default(),
    }
}

/// A bet; its match is its market's.
pub(super) fn bet(bet: &Bet, market: Option<&Market>) -> proto::Bet {
    proto::Bet {
        bet_id: bet.bet_id.to_string(),
        account_id: bet.account_id.to_string(),
        market_id: bet.market_id.to_string(),
        match_id: market.map(|market| market.match_id.to_string()).unwrap_or_default(),
        outcome_id: bet.outcome_id.map(|id| id.to_string()).unwrap_or_default(),
        state: bet_state(bet.state).into(),
        stake: bet.stake.0,
        placed_odds_hundredths: bet.placed_odds.0,
        returned: bet.returned.0,
        placed_at: Some(timestamp(bet.recorded_at)),
        closed_at: bet.closed_at.map(timestamp),
    }
}

pub(super) fn placed(answer: Answer) -> proto::PlaceBetResult {
    let result = match answer {
        Ok(Placed { bet, replayed, market }) => place_bet_result::Result::Placed(proto::PlacedBet {
            bet: Some(self::bet(&bet, market.as_deref())),
            replayed,
        }),
        Err(error) => place_bet_result::Result::Refusal(refusal(error)),
    };
    proto::PlaceBetResult { result: Some(result) }
}

fn refusal(error: Error) -> proto::Refusal {
    let field = error.violations.into_iter().next();
    let (field, message) = field.map_or((String::new(), error.message), |field| (field.field, field.message));
    proto::Refusal { code: error.code.grpc_number(), reason: error.reason, message, field }
}

pub(super) fn incident(incident: &Incident) -> proto::Incident {
    proto::Incident {
        incident_id: incident.incident_id.to_string(),
        kind: incident.kind.as_str().to_owned(),
        match_id: incident.match_id.map(|id| id.to_string()).unwrap_or_default(),
        market_id: incident.market_id.map(|id| id.to_string()).unwrap_or_default(),
        message: incident.message.clone(),
        created_at: Some(timestamp(incident.created_at)),
        state: if incident.is_open { proto::IncidentState::Open } else { proto::IncidentState::Resolved }
            .into(),
        occurrences: incident.occurrences,
        occurred_at: Some(timestamp(incident.occurred_at)),
        resolution: incident.resolution.as_ref().map(|resolution| proto::Resolution {
            resolved_at: Some(timestamp(resolution.at)),
            resolved_by: resolution.by.clone(),
            note: resolution.note.clone(),
        }),
    }
}

pub(super) fn touched(touched: Touched, bettors: Bettors) -> proto::TouchedMarket {
    let stake = |bettor: TopBettor| proto::Stake {
        account_id: bettor.account_id.to_string(),
        points: bettor.stake.0,
    };
    proto::TouchedMarket {
        match_id: touched.match_id.to_string(),
        market_id: touched.market_id.to_string(),
        question_en: touched.question_en,
        question_ko: touched.question_ko,
        effect: effect(touched.effect).into(),
        pool: touched.pool.0,
        given_back: touched.given_back.0,
        bettors: bettors.count,
        stakes: bettors.largest.into_iter().map(stake).collect(),
    }
}

const fn effect(effect: Effect) -> proto::MarketEffect {
    match effect {
        Effect::Opens => proto::MarketEffect::Opens,
        Effect::Withdrawn => proto::MarketEffect::Withdrawn,
        Effect::Voided => proto::MarketEffect::Voided,
        Effect::Locks => proto::MarketEffect::Locks,
        Effect::Reopens => proto::MarketEffect::Reopens,
        Effect::LockMoves => proto::MarketEffect::LockMoves,
        Effect::Settles => proto::MarketEffect::Settles,
        Effect::NeedsPerson => proto::MarketEffect::NeedsPerson,
    }
}

/// Whether to list incidents that are open, or those that are not; none for all.
pub(super) const fn open_filter(state: proto::IncidentState) -> Option<bool> {
    match state {
        proto::IncidentState::Unspecified => None,
        proto::IncidentState::Open => Some(true),
        proto::IncidentState::Resolved => Some(false),
    }
}

const fn template(template: Template) -> proto::Template {
    match template {
        Template::MatchWinner => proto::Template::MatchWinner,
        Template::ExactScore => proto::Template::ExactScore,
        Template::TotalSets => proto::Template::TotalSets,
        Template::Champion => proto::Template::Champion,
        Template::First => proto::Template::First,
        Template::Custom => proto::Template::Custom,
    }
}

const fn market_state(state: MarketState) -> proto::MarketState {
    match state {
        MarketState::Open => proto::MarketState::Open,
        MarketState::Locked => proto::MarketState::Locked,
        MarketState::Settling => proto::MarketState::Settling,
        MarketState::Settled => proto::MarketState::Settled,
        MarketState::Voiding => proto::MarketState::Voiding,
        MarketState::Void => proto::MarketState::Void,
    }
}

const fn bet_state(state: BetState) -> proto::BetState {
    match state {
        BetState::Accepted => proto::BetState::Accepted,
        BetState::Cancelled => proto::BetState::Cancelled,
        BetState::Refunded => proto::BetState::Refunded,
        BetState::Won => proto::BetState::Won,
        BetState::Lost => proto::BetState::Lost,
        BetState::Void => proto::BetState::Void,
    }
}

/// The state to filter by; none for all.
pub(super) const fn state_filter(state: proto::BetState) -> Option<BetState> {
    match state {
        proto::BetState::Unspecified => None,
        proto::BetState::Accepted => Some(BetState::Accepted),
        proto::BetState::Cancelled => Some(BetState::Cancelled),
        proto::BetState::Refunded => Some(BetState::Refunded),
        proto::BetState::Won => Some(BetState::Won),
        proto::BetState::Lost => Some(BetState::Lost),
        proto::BetState::Void => Some(BetState::Void),
    }
}

pub(super) fn status(status: &Status) -> proto::GetStatusResponse {
    let (audited_at, audit_age_ms) = status.audited.unzip();
    proto::GetStatusResponse {
        accepted_last_minute: status.accepted.last_minute,
        accepted: status.accepted.bets,
        accepted_since: Some(timestamp(status.accepted.since)),
        settling_markets: status.settling,
        settling_ms: status.settling_ms,
        audited_at: audited_at.map(timestamp),
        audit_age_ms: audit_age_ms.unwrap_or_default(),
        differences: status.differences,
    }
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}
