//! Which correction mends a bet. Nothing is taken from an account that it cannot pay, no bet is voided that others'
//! payouts depend on, and nobody is given points but by the house, where nothing else is left.

use loljoa_betting::{
    audit::{BookedBet, Known, Moved, OwedKind, compare},
    reconcile::{Case, Stage},
};
use loljoa_service_kit::Points;

use super::{Action, Evidence};

/// What is to be done about a bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// This, because of that.
    Do(Action, String),
    /// Nothing that a program should do.
    Ask(String),
}

/// Decides the next step for one bet.
pub(super) fn decide(evidence: &Evidence) -> Verdict {
    let known = &evidence.known;
    let Some(case) = &evidence.case else { return without_a_bet(evidence) };
    let differs = !compare(&case.bet, known).is_empty();
    match known.stake {
        _ if !differs && !case.is_parked && !case.is_correction_parked => Verdict::Fine,
        None => without_a_stake(case, known, evidence.balance),
        Some(stake) if stake != due(&case.bet, case.bet.stake) => {
            Verdict::Ask(format!("the ledger took another stake than the bet's: {stake:?}"))
        }
        Some(_) => without_a_closing(case, known),
    }
}

fn without_a_bet(evidence: &Evidence) -> Verdict {
    let known = &evidence.known;
    let Some(orphan) = &evidence.orphan else {
        let nothing = *known == Known { is_refused: known.is_refused, ..Known::default() };
        return if nothing {
            Verdict::Fine
        } else {
            Verdict::Ask("the ledger paid for a bet that is not there, and took no stake for it".into())
        };
    };
    let is_given_back =
        known.closing.is_none_or(|(kind, moved)| kind == OwedKind::Tombstone && Some(moved) == known.stake);
    if !is_given_back || known.result.is_some() || known.correction.is_some() {
        return Verdict::Ask("the ledger settled a bet that is not there".into());
    }
    let what = format!("{} points were taken and there is no bet: they are given back", orphan.stake);
    Verdict::Do(Action::Tombstone, what)
}

fn without_a_stake(case: &Case, known: &Known, balance: Option<Points>) -> Verdict {
    let (bet, stake) = (&case.bet, case.bet.stake);
    let Some(balance) = balance else {
        return Verdict::Ask("the ledger does not know the bet's account".into());
    };
    if known.closing.is_some() {
        return Verdict::Ask("the ledger closed the bet without a stake".into());
    }
    if bet.gives_back() {
        let what = format!("{stake} points are to be given back that were never taken: nothing moves");
        return Verdict::Do(Action::RefuseStake, what);
    }
    if balance >= stake {
        let what =
            format!("{stake} points were never taken, and the account has {balance}: they are taken now");
        return Verdict::Do(Action::TakeStake, what);
    }
    let lacking = format!("{stake} points were never taken, and the account has {balance}");
    match case.stage {
        Stage::Open => Verdict::Do(Action::VoidBet, format!("{lacking}: the bet is taken off its market")),
        Stage::Ending => Verdict::Ask(format!("{lacking}; its market is ending: run this again when it has")),
        Stage::Over => Verdict::Do(
            Action::CoverStake,
            format!("{lacking}, and the market is settled: the house gives the rest, and they are taken"),
        ),
    }
}

fn without_a_closing(case: &Case, known: &Known) -> Verdict {
    let bet = &case.bet;
    let closing = bet.closing.map(|(kind, points)| (kind, due(bet, points)));
    let result = bet.paid.map(|paid| (due(bet, bet.stake), paid));
    let correction = (bet.correction > Points::ZERO).then(|| due(bet, bet.correction));
    let contradicts = known.closing.is_some() && known.closing != closing
        || known.result.is_some() && known.result != result
        || known.correction.is_some() && known.correction != correction;
    if contradicts {
        return Verdict::Ask(format!("the ledger closed the bet in another way: {known:?}"));
    }
    if known.closing != closing || known.result != result || case.is_parked {
        return Verdict::Do(Action::Pay, pay(bet));
    }
    let what = format!("the house owes {} points, which never came: they are sent again", bet.correction);
    Verdict::Do(Action::PayCorrection, what)
}

fn pay(bet: &BookedBet) -> String {
    match bet.closing {
        Some((kind, points)) => format!("a {} of {points} points is due: it is sent again", kind.name()),
        None => "that it lost is not in the ledger: it is sent again".to_owned(),
    }
}

const fn due(bet: &BookedBet, points: Points) -> Moved {
    Moved { account_id: bet.account_id, market_id: bet.market_id, points }
}

#[cfg(test)]
mod tests {
    use loljoa_betting::reconcile::Orphan;
    use loljoa_service_kit::{AccountId, BetId, MarketId};

    use super::*;

    fn bet() -> BookedBet {
        BookedBet {
            bet_id: BetId(uuid::Uuid::from_u128(1)),
            seq: 1,
            account_id: AccountId(uuid::Uuid::from_u128(2)),
            market_id: MarketId(uuid::Uuid::from_u128(3)),
            stake: Points(100),
            closing: None,
            paid: None,
            correction: Points::ZERO,
            is_owed: false,
            is_correction_owed: false,
        }
    }

    fn won() -> BookedBet {
        BookedBet { closing: Some((OwedKind::Payout, Points(150))), paid: Some(Points(150)), ..bet() }
    }

    fn evidence(bet: BookedBet, stage: Stage, balance: i64, known: Known) -> Evidence {
        let case =
            Case { bet, stage, fingerprint: vec![1; 32], is_parked: false, is_correction_parked: false };
        Evidence { case: Some(case), known, orphan: None, balance: Some(Points(balance)) }
    }

    fn staked() -> Known {
        Known { stake: Some(due(&bet(), Points(100))), ..Known::default() }
    }

    fn action(evidence: &Evidence) -> Option<Action> {
        match decide(evidence) {
            Verdict::Fine => None,
            Verdict::Do(action, _) => Some(action),
            Verdict::Ask(_) => Some(Action::AskAPerson),
        }
    }

    #[test]
    fn a_stake_that_was_lost_is_taken_where_the_account_can_pay() {
        for (bet, stage) in [(bet(), Stage::Open), (bet(), Stage::Ending), (won(), Stage::Over)] {
            assert_eq!(action(&evidence(bet, stage, 100, Known::default())), Some(Action::TakeStake));
        }
    }

    #[test]
    fn where_it_cannot_pay_it_goes_by_the_market() {
        let poor = |bet, stage| action(&evidence(bet, stage, 99, Known::default()));
        assert_eq!(poor(bet(), Stage::Open), Some(Action::VoidBet));
        assert_eq!(poor(bet(), Stage::Ending), Some(Action::AskAPerson));
        assert_eq!(poor(won(), Stage::Over), Some(Action::CoverStake));
    }

    #[test]
    fn a_refund_of_what_was_never_taken_moves_nothing() {
        let void = BookedBet { closing: Some((OwedKind::Void, Points(100))), is_owed: true, ..bet() };
        let refused = Known { is_refused: true, ..Known::default() };
        let of =
            |bet: &BookedBet, known: &Known| action(&evidence(bet.clone(), Stage::Over, 500, known.clone()));
        assert_eq!(of(&void, &Known::default()), Some(Action::RefuseStake));
        assert_eq!(of(&void, &refused), Some(Action::RefuseStake), "it is owed still");
        assert_eq!(of(&BookedBet { is_owed: false, ..void }, &refused), None);
    }

    #[test]
    fn a_closing_or_a_result_that_is_missing_is_sent_again() {
        let of = |bet, known| action(&evidence(bet, Stage::Over, 0, known));
        assert_eq!(of(won(), staked()), Some(Action::Pay));
        let paid = Known { closing: Some((OwedKind::Payout, due(&bet(), Points(150)))), ..staked() };
        assert_eq!(of(won(), paid.clone()), Some(Action::Pay), "the result");
        let noted = Known { result: Some((due(&bet(), Points(100)), Points(150))), ..paid.clone() };
        assert_eq!(of(won(), noted.clone()), None);
        let corrected = BookedBet { correction: Points(7), ..won() };
        assert_eq!(of(corrected, noted), Some(Action::PayCorrection));
        assert_eq!(of(BookedBet { is_owed: true, ..won() }, staked()), None, "it is on its way");
        assert_eq!(of(bet(), paid), Some(Action::AskAPerson), "the bet is open");
    }

    #[test]
    fn a_stake_without_a_bet_is_given_back() {
        let orphan = Orphan {
            bet_id: bet().bet_id,
            account_id: bet().account_id,
            market_id: bet().market_id,
            stake: Points(100),
            fingerprint: vec![1; 32],
        };
        let lone = |known| Evidence { case: None, known, orphan: Some(orphan.clone()), balance: None };
        assert_eq!(action(&lone(staked())), Some(Action::Tombstone));
        let paid = Known { closing: Some((OwedKind::Payout, due(&bet(), Points(150)))), ..staked() };
        assert_eq!(action(&lone(paid)), Some(Action::AskAPerson));
    }
}
