//! What traces tell of bets.

use loljoa_service_kit::telemetry;
use tracing::Span;

use super::{Answer, queue::Cancel};
use crate::domain::NewBet;

/// How a bet ended, in its own span. One that was there before is no news.
pub(super) fn answered(span: &Span, asked: &NewBet, answer: &Answer) {
    match answer {
        Ok(placed) if placed.replayed => {}
        Ok(_) => telemetry::event(
            span,
            "bet.placed",
            &[
                ("loljoa.bet.id", &asked.bet_id),
                ("loljoa.account.id", &asked.account_id),
                ("loljoa.market.id", &asked.market_id),
                ("loljoa.outcome.id", &asked.outcome_id),
            ],
        ),
        Err(error) => telemetry::event(
            span,
            "bet.refused",
            &[
                ("loljoa.bet.id", &asked.bet_id),
                ("loljoa.account.id", &asked.account_id),
                ("loljoa.market.id", &asked.market_id),
                ("loljoa.reason", &error.reason),
            ],
        ),
    }
}

/// A bet was cancelled, in the span of the call.
pub(super) fn cancelled(span: &Span, asked: &Cancel) {
    telemetry::event(
        span,
        "bet.cancelled",
        &[
            ("loljoa.bet.id", &asked.bet_id),
            ("loljoa.account.id", &asked.account_id),
            ("loljoa.market.id", &asked.market_id),
        ],
    );
}
