//! One answer of those of all cells.

use chrono::{DateTime, Utc};
use loljoa_proto::{account::v1 as account, betting::v1 as betting};
use prost_types::Timestamp;

use super::rules;
use crate::api::{
    optional_time,
    status::{
        AcceptedBets, AuditStatus, AuditStatuses, PartStatus, PartStatuses, SettlementLag, SystemStatus,
    },
};

/// What each cell has answered; none where it has not.
pub(super) struct Answers {
    pub(super) account: Vec<Option<account::GetStatusResponse>>,
    pub(super) betting: Vec<Option<betting::GetStatusResponse>>,
    pub(super) league: bool,
}

/// What an audit of one cell says.
struct Audited {
    at: Option<Timestamp>,
    age_ms: i64,
    differences: i64,
}

/// The status of the whole.
pub(super) fn merge(measured_at: DateTime<Utc>, answers: Answers) -> SystemStatus {
    let Answers { account, betting, league } = answers;
    let parts = PartStatuses {
        account: part(&account),
        betting: part(&betting),
        league_schedule: part(&[league.then_some(())]),
    };
    let betting: Vec<_> = betting.into_iter().flatten().collect();
    let audited = betting.iter().map(|cell| Audited {
        at: cell.audited_at,
        age_ms: cell.audit_age_ms,
        differences: cell.differences,
    });
    let bets = audit(audited);
    let audited = account.into_iter().flatten().map(|cell| Audited {
        at: cell.audited_at,
        age_ms: cell.audit_age_ms,
        differences: cell.differences,
    });
    let audits = AuditStatuses { bets, points: audit(audited) };
    let settlement = settlement(&betting);
    let reasons = rules::reasons(&parts, settlement, &audits);
    SystemStatus {
        state: rules::state(&reasons),
        reasons,
        measured_at,
        parts,
        bets: accepted(&betting),
        settlement,
        audits,
    }
}

fn part<T>(cells: &[Option<T>]) -> PartStatus {
    PartStatus { cells: cells.len(), answering: cells.iter().flatten().count() }
}

/// The sums over cells, since the first of them began to count.
fn accepted(cells: &[betting::GetStatusResponse]) -> Option<AcceptedBets> {
    let since = cells.iter().filter_map(|cell| optional_time(cell.accepted_since).ok().flatten()).min()?;
    let last_minute = sum(cells.iter().map(|cell| cell.accepted_last_minute));
    let count = sum(cells.iter().map(|cell| cell.accepted));
    Some(AcceptedBets { last_minute, per_second: per_second(last_minute), count, since })
}

/// Two decimals.
fn per_second(last_minute: i64) -> f64 {
    let bets = f64::from(u32::try_from(last_minute).unwrap_or(u32::MAX));
    (bets / 60.0 * 100.0).round() / 100.0
}

/// The markets of all, and the age of the oldest.
fn settlement(cells: &[betting::GetStatusResponse]) -> Option<SettlementLag> {
    let oldest_ms = cells.iter().map(|cell| cell.settling_ms).max()?;
    let markets = sum(cells.iter().map(|cell| cell.settling_markets));
    Some(SettlementLag { markets, oldest_seconds: seconds(oldest_ms) })
}

/// All differences, and when the last of the cells was through.
fn audit(cells: impl Iterator<Item = Audited>) -> Option<AuditStatus> {
    let cells: Vec<_> = cells.collect();
    let oldest = cells.iter().map(|cell| (optional_time(cell.at).ok().flatten(), cell.age_ms));
    // An audit that was never through is the oldest.
    let (at, age_ms) = oldest.max_by_key(|(at, age_ms)| (at.is_none(), *age_ms))?;
    Some(AuditStatus {
        last_success_at: at,
        age_seconds: at.map(|_| seconds(age_ms)),
        differences: cells.iter().fold(0, |sum, cell| cell.differences.saturating_add(sum)),
    })
}

fn sum(numbers: impl Iterator<Item = i64>) -> i64 {
    numbers.fold(0, i64::saturating_add)
}

/// Begun seconds count, so that what is over a bound by a moment is over it.
fn seconds(millis: i64) -> i64 {
    millis.max(0).saturating_add(999) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status::{StatusReason, SystemState};

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    fn betting(settling_ms: i64, audited: Option<i64>) -> betting::GetStatusResponse {
        betting::GetStatusResponse {
            accepted_last_minute: 90,
            accepted: 1_000,
            accepted_since: Some(at(5_000 - settling_ms / 1_000)),
            settling_markets: 2,
            settling_ms,
            audited_at: audited.map(|ago| at(10_000 - ago)),
            audit_age_ms: audited.unwrap_or_default() * 1_000,
            differences: 0,
        }
    }

    fn account(differences: i64) -> account::GetStatusResponse {
        account::GetStatusResponse { audited_at: Some(at(9_999)), audit_age_ms: 1_000, differences }
    }

    fn merged(
        account: Vec<Option<account::GetStatusResponse>>,
        betting: Vec<Option<betting::GetStatusResponse>>,
    ) -> SystemStatus {
        merge(DateTime::UNIX_EPOCH, Answers { account, betting, league: true })
    }

    fn time(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn cells_are_added_up_and_the_worst_of_them_counts() {
        let betting = vec![Some(betting(59_001, Some(7))), Some(betting(3_000, Some(200)))];
        let status = merged(vec![Some(account(0)), Some(account(0))], betting);
        assert_eq!((status.state, status.reasons), (SystemState::Ok, Vec::new()));
        let bets = status.bets.unwrap();
        assert_eq!((bets.last_minute, bets.count, bets.since), (180, 2_000, time(4_941)));
        assert!((bets.per_second - 3.0).abs() < f64::EPSILON, "{}", bets.per_second);
        assert_eq!(status.settlement, Some(SettlementLag { markets: 4, oldest_seconds: 60 }));
        let audit = status.audits.bets.unwrap();
        assert_eq!((audit.last_success_at, audit.age_seconds), (Some(time(9_800)), Some(200)));
        assert_eq!(status.parts.betting, PartStatus { cells: 2, answering: 2 });
    }

    #[test]
    fn a_moment_over_the_bound_is_over_it() {
        let status = merged(vec![Some(account(0))], vec![Some(betting(60_001, Some(1)))]);
        assert_eq!(status.reasons, [StatusReason::SettlementLate]);
    }

    #[test]
    fn an_audit_that_was_never_through_in_one_cell_was_never_through() {
        let status = merged(
            vec![Some(account(0))],
            vec![Some(betting(0, Some(1_000_000))), Some(betting(0, None)), Some(betting(0, Some(1)))],
        );
        let audit = status.audits.bets.unwrap();
        assert_eq!((audit.last_success_at, audit.age_seconds), (None, None));
        assert_eq!(status.reasons, [StatusReason::BetsAuditLate]);
    }

    #[test]
    fn what_cells_that_answer_say_is_told_while_others_do_not() {
        let status = merged(vec![None, Some(account(4))], vec![None]);
        assert_eq!(status.state, SystemState::Difference);
        assert_eq!(
            status.reasons,
            [StatusReason::PointsDiffer, StatusReason::BettingUnanswered, StatusReason::AccountUnanswered]
        );
        assert_eq!(status.parts.account, PartStatus { cells: 2, answering: 1 });
        assert_eq!((status.bets, status.settlement, status.audits.bets), (None, None, None));
        assert_eq!(status.audits.points.unwrap().differences, 4);
    }

    #[test]
    fn a_rate_has_two_decimals() {
        assert!((per_second(1) - 0.02).abs() < f64::EPSILON);
        assert!((per_second(100) - 1.67).abs() < f64::EPSILON);
    }
}
