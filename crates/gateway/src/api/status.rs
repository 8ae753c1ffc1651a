//! How the system is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// How all is, in a word. Of several that hold, the gravest: a difference that is known, what is not known, what is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SystemState {
    /// Everything answers, nothing is late, nothing differs.
    Ok,
    /// Paying out takes longer than a minute, or an audit has not caught up for five.
    Late,
    /// An audit found what does not agree.
    Difference,
    /// A part does not answer.
    Unknown,
}

/// Why the state is not `ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusReason {
    /// The audit of bets found a difference.
    BetsDiffer,
    /// The audit of points found a difference.
    PointsDiffer,
    /// Not every cell of betting answers.
    BettingUnanswered,
    /// Not every cell of account answers.
    AccountUnanswered,
    /// League-schedule does not answer.
    LeagueScheduleUnanswered,
    /// A market has been on its way to its end for more than 60 seconds.
    SettlementLate,
    /// The audit of bets has not caught up for more than five minutes, or never.
    BetsAuditLate,
    /// The audit of points has not caught up for more than five minutes, or never.
    PointsAuditLate,
}

/// Whether a part of the system answers: it does if all of its cells do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PartStatus {
    /// Of how many cells it consists.
    pub(crate) cells: usize,
    /// How many of them have answered.
    pub(crate) answering: usize,
}

/// The parts of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartStatuses {
    pub(crate) account: PartStatus,
    pub(crate) betting: PartStatus,
    pub(crate) league_schedule: PartStatus,
}

/// How many bets are accepted, by cells that have answered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedBets {
    /// In 60 seconds, of which the last ended at most ten seconds ago.
    pub(crate) last_minute: i64,
    /// The same, a second.
    pub(crate) per_second: f64,
    /// How many since `since`. A replica that crashes leaves some seconds out.
    pub(crate) count: i64,
    /// 24 hours ago, or when counting began.
    pub(crate) since: DateTime<Utc>,
}

/// What is being paid out, by cells that have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementLag {
    /// Markets that are being paid out, given back or corrected.
    pub(crate) markets: i64,
    /// How long the first of them has been under way; 0 without any.
    pub(crate) oldest_seconds: i64,
}

/// What an audit says, by cells that have answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditStatus {
    /// When it had last compared all that is new, and of all else what had its turn; null until it has once.
    pub(crate) last_success_at: Option<DateTime<Utc>>,
    /// How long ago that was, by the database's clock.
    pub(crate) age_seconds: Option<i64>,
    /// How much was found that does not agree, and is not yet known to agree again. It should be 0.
    pub(crate) differences: i64,
}

/// The audits. Null while nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AuditStatuses {
    /// Bets, pools and payments against each other, in betting.
    pub(crate) bets: Option<AuditStatus>,
    /// Balances against transfers, in account.
    pub(crate) points: Option<AuditStatus>,
}

/// How the system is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemStatus {
    pub(crate) state: SystemState,
    /// Every rule that holds, the gravest first; none when all is well.
    pub(crate) reasons: Vec<StatusReason>,
    /// When the parts were asked.
    pub(crate) measured_at: DateTime<Utc>,
    pub(crate) parts: PartStatuses,
    /// Null while no cell of betting answers.
    pub(crate) bets: Option<AcceptedBets>,
    /// Null while no cell of betting answers.
    pub(crate) settlement: Option<SettlementLag>,
    pub(crate) audits: AuditStatuses,
}
