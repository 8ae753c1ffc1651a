//! What makes the state.

use crate::api::status::{
    AuditStatus, AuditStatuses, PartStatus, PartStatuses, SettlementLag, StatusReason, SystemState,
};

/// Paying out that takes longer is late. Seconds.
const SETTLED_WITHIN: i64 = 60;
/// An audit that has not caught up for longer is late. Seconds.
const AUDITED_WITHIN: i64 = 300;

/// Every rule that holds, the gravest first.
pub(super) fn reasons(
    parts: &PartStatuses,
    settlement: Option<SettlementLag>,
    audits: &AuditStatuses,
) -> Vec<StatusReason> {
    let is_silent = |part: PartStatus| part.answering < part.cells;
    let rules = [
        (differs(audits.bets.as_ref()), StatusReason::BetsDiffer),
        (differs(audits.points.as_ref()), StatusReason::PointsDiffer),
        (is_silent(parts.betting), StatusReason::BettingUnanswered),
        (is_silent(parts.account), StatusReason::AccountUnanswered),
        (is_silent(parts.league_schedule), StatusReason::LeagueScheduleUnanswered),
        (settlement.is_some_and(|lag| lag.oldest_seconds > SETTLED_WITHIN), StatusReason::SettlementLate),
        (is_late(audits.bets.as_ref()), StatusReason::BetsAuditLate),
        (is_late(audits.points.as_ref()), StatusReason::PointsAuditLate),
    ];
    rules.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
}

/// The state that the gravest reason makes.
pub(super) fn state(reasons: &[StatusReason]) -> SystemState {
    match reasons.first() {
        None => SystemState::Ok,
        Some(StatusReason::BetsDiffer | StatusReason::PointsDiffer) => SystemState::Difference,
        Some(
            StatusReason::BettingUnanswered
            | StatusReason::AccountUnanswered
            | StatusReason::LeagueScheduleUnanswered,
        ) => SystemState::Unknown,
        Some(StatusReason::SettlementLate | StatusReason::BetsAuditLate | StatusReason::PointsAuditLate) => {
            SystemState::Late
        }
    }
}

fn differs(audit: Option<&AuditStatus>) -> bool {
    audit.is_some_and(|audit| audit.differences != 0)
}

fn is_late(audit: Option<&AuditStatus>) -> bool {
    audit.is_some_and(|audit| audit.age_seconds.is_none_or(|age| age > AUDITED_WITHIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: PartStatus = PartStatus { cells: 2, answering: 2 };
    const HALF: PartStatus = PartStatus { cells: 2, answering: 1 };

    fn parts(account: PartStatus, betting: PartStatus, league_schedule: PartStatus) -> PartStatuses {
        PartStatuses { account, betting, league_schedule }
    }

    fn audit(age_seconds: Option<i64>, differences: i64) -> AuditStatus {
        AuditStatus { last_success_at: None, age_seconds, differences }
    }

    fn lag(oldest_seconds: i64) -> SettlementLag {
        SettlementLag { markets: 1, oldest_seconds }
    }

    fn judged(
        parts: PartStatuses,
        settlement: Option<SettlementLag>,
        bets: Option<AuditStatus>,
        points: Option<AuditStatus>,
    ) -> (SystemState, Vec<StatusReason>) {
        let reasons = reasons(&parts, settlement, &AuditStatuses { bets, points });
        (state(&reasons), reasons)
    }

    #[test]
    fn all_is_well_up_to_the_bounds() {
        let found = judged(
            parts(HERE, HERE, HERE),
            Some(lag(60)),
            Some(audit(Some(300), 0)),
            Some(audit(Some(300), 0)),
        );
        assert_eq!(found, (SystemState::Ok, Vec::new()));
    }

    #[test]
    fn beyond_the_bounds_it_is_late() {
        let all = parts(HERE, HERE, HERE);
        let (well, old) = (Some(audit(Some(1), 0)), Some(audit(Some(301), 0)));
        for (found, reason) in [
            (judged(all, Some(lag(61)), well.clone(), well.clone()), StatusReason::SettlementLate),
            (judged(all, Some(lag(0)), old.clone(), well.clone()), StatusReason::BetsAuditLate),
            (judged(all, Some(lag(0)), well.clone(), old), StatusReason::PointsAuditLate),
            (judged(all, Some(lag(0)), well, Some(audit(None, 0))), StatusReason::PointsAuditLate),
        ] {
            assert_eq!(found, (SystemState::Late, vec![reason]));
        }
    }

    #[test]
    fn who_does_not_answer_makes_it_unknown() {
        let well = || Some(audit(Some(1), 0));
        for (silent, reason) in [
            (parts(HALF, HERE, HERE), StatusReason::AccountUnanswered),
            (parts(HERE, HALF, HERE), StatusReason::BettingUnanswered),
            (parts(HERE, HERE, HALF), StatusReason::LeagueScheduleUnanswered),
        ] {
            assert_eq!(judged(silent, Some(lag(0)), well(), well()), (SystemState::Unknown, vec![reason]));
        }
        let nothing = judged(parts(HERE, HALF, HERE), None, None, well());
        assert_eq!(nothing, (SystemState::Unknown, vec![StatusReason::BettingUnanswered]));
    }

    #[test]
    fn a_difference_outweighs_what_is_not_known_and_that_what_is_late() {
        let (state, reasons) =
            judged(parts(HERE, HERE, HALF), Some(lag(61)), Some(audit(Some(1), 0)), Some(audit(None, 3)));
        assert_eq!(state, SystemState::Difference);
        assert_eq!(
            reasons,
            [
                StatusReason::PointsDiffer,
                StatusReason::LeagueScheduleUnanswered,
                StatusReason::SettlementLate,
                StatusReason::PointsAuditLate
            ]
        );
        let (state, _) =
            judged(parts(HERE, HERE, HALF), Some(lag(61)), Some(audit(Some(1), 0)), Some(audit(Some(1), 0)));
        assert_eq!(state, SystemState::Unknown);
    }

    #[test]
    fn a_difference_below_zero_is_one_too() {
        let (state, _) =
            judged(parts(HERE, HERE, HERE), Some(lag(0)), Some(audit(Some(1), -1)), Some(audit(Some(1), 0)));
        assert_eq!(state, SystemState::Difference);
    }
}
