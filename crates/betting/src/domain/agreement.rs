//! Whether a bet and what the ledger knows of it agree.
//!
//! The two databases share no snapshot. The bet is read first: its stake came before it, and its closing is either owed or
//! acknowledged. So only what happens between the two readings can look like a difference, and is gone at the next look.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points};

use super::{OwedKind, audit::Difference};

/// What betting has of a bet, as far as the ledger is to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedBet {
    /// Its id.
    pub bet_id: BetId,
    /// The server's own sequence.
    pub seq: i64,
    /// Whose.
    pub account_id: AccountId,
    /// On which question.
    pub market_id: MarketId,
    /// How much.
    pub stake: Points,
    /// What closes it, and how much it gives or pays back; none while it is open, or lost.
    pub closing: Option<(OwedKind, Points)>,
    /// What it was paid, if it is decided; zero if it lost.
    pub paid: Option<Points>,
    /// What the house pays because another outcome was right; zero for nothing.
    pub correction: Points,
    /// The ledger has yet to acknowledge the closing or the result.
    pub is_owed: bool,
    /// The ledger has yet to acknowledge the correction.
    pub is_correction_owed: bool,
}

impl BookedBet {
    /// Whether it gives back just what it took, so that without a stake nothing is due.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        self.closing.is_some_and(|(kind, points)| kind != OwedKind::Payout && points == self.stake)
    }
}

/// Points that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Whose.
    pub account_id: AccountId,
    /// Of which market's pool.
    pub market_id: MarketId,
    /// How many.
    pub points: Points,
}

/// All that the ledger knows of one bet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What was taken for it.
    pub stake: Option<Moved>,
    /// What it was given or paid back, and why.
    pub closing: Option<(OwedKind, Moved)>,
    /// What the house paid.
    pub correction: Option<Moved>,
    /// How it ended: whose, and what was staked; and what was paid.
    pub result: Option<(Moved, Points)>,
    /// Whether its stake is refused for good.
    pub is_refused: bool,
}

impl Known {
    /// Whether the ledger never took anything for it, and never will.
    #[must_use]
    pub fn is_never_taken(&self) -> bool {
        self.is_refused && self.stake.is_none() && self.closing.is_none()
    }
}

/// What differs between a bet and what the ledger knows of it.
#[must_use]
pub fn compare(bet: &BookedBet, known: &Known) -> Vec<Difference> {
    if bet.gives_back() && known.is_never_taken() && !bet.is_owed {
        return Vec::new();
    }
    let moved = |points| Moved { account_id: bet.account_id, market_id: bet.market_id, points };
    let check = |name: &str, expected: Option<String>, found: Option<String>, may_wait: bool| {
        let is_late = may_wait && expected.is_some() && found.is_none();
        (expected != found && !is_late).then(|| difference(name, bet.bet_id, expected, found))
    };
    let closing = bet.closing.map(|(kind, points)| describe_closing(&(kind, moved(points))));
    let correction = (bet.correction > Points::ZERO).then(|| describe(&moved(bet.correction)));
    let result = bet.paid.map(|paid| describe_result(&(moved(bet.stake), paid)));
    let differences = [
        check("stake", Some(describe(&moved(bet.stake))), known.stake.as_ref().map(describe), false),
        check("closing", closing, known.closing.as_ref().map(describe_closing), bet.is_owed),
        check("result", result, known.result.as_ref().map(describe_result), bet.is_owed),
        check("correction", correction, known.correction.as_ref().map(describe), bet.is_correction_owed),
    ];
    differences.into_iter().flatten().collect()
}

/// What the ledger knows of a bet that is not there.
#[must_use]
pub fn stray(bet: BetId, known: &Known) -> Vec<Difference> {
    let found = [
        ("stake", known.stake.as_ref().map(describe)),
        ("closing", known.closing.as_ref().map(describe_closing)),
        ("result", known.result.as_ref().map(describe_result)),
        ("correction", known.correction.as_ref().map(describe)),
    ];
    let differences = found.into_iter().filter(|(_, found)| found.is_some());
    differences.map(|(name, found)| difference(name, bet, Some("no bet".to_owned()), found)).collect()
}

fn describe(moved: &Moved) -> String {
    format!("{} points, account {}, market {}", moved.points, moved.account_id, moved.market_id)
}

fn describe_closing((kind, moved): &(OwedKind, Moved)) -> String {
    format!("{} of {}", kind.name(), describe(moved))
}

fn describe_result((moved, paid): &(Moved, Points)) -> String {
    format!("{paid} paid for {}", describe(moved))
}

fn difference(name: &str, bet: BetId, expected: Option<String>, found: Option<String>) -> Difference {
    let text = |found: Option<String>| found.unwrap_or_else(|| "nothing".to_owned());
    Difference {
        check: name.to_owned(),
        subject: bet.to_string(),
        expected: text(expected),
        found: text(found),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn bet(closing: Option<(OwedKind, Points)>, paid: Option<Points>) -> BookedBet {
        BookedBet {
            bet_id: BetId(Uuid::from_u128(10)),
            seq: 1,
            account_id: AccountId(Uuid::from_u128(1)),
            market_id: MarketId(Uuid::from_u128(2)),
            stake: Points(100),
            closing,
            paid,
            correction: Points::ZERO,
            is_owed: false,
            is_correction_owed: false,
        }
    }

    fn won() -> BookedBet {
        bet(Some((OwedKind::Payout, Points(150))), Some(Points(150)))
    }

    fn moved(points: i64) -> Moved {
        let bet = bet(None, None);
        Moved { account_id: bet.account_id, market_id: bet.market_id, points: Points(points) }
    }

    /// All that the ledger knows of [`won`], if all is well.
    fn paid() -> Known {
        Known {
            stake: Some(moved(100)),
            closing: Some((OwedKind::Payout, moved(150))),
            result: Some((moved(100), Points(150))),
            ..Known::default()
        }
    }

    fn checks(bet: &BookedBet, known: &Known) -> Vec<String> {
        compare(bet, known).into_iter().map(|difference| difference.check).collect()
    }

    #[test]
    fn what_agrees_is_no_difference() {
        assert_eq!(checks(&won(), &paid()), [""; 0]);
        let open = Known { stake: Some(moved(100)), ..Known::default() };
        assert_eq!(checks(&bet(None, None), &open), [""; 0]);
    }

    #[test]
    fn whatever_is_missing_is_named() {
        assert_eq!(checks(&won(), &Known { stake: None, ..paid() }), ["stake"]);
        assert_eq!(checks(&won(), &Known { closing: None, ..paid() }), ["closing"]);
        assert_eq!(checks(&won(), &Known { result: None, ..paid() }), ["result"]);
        let corrected = BookedBet { correction: Points(7), ..won() };
        assert_eq!(checks(&corrected, &paid()), ["correction"]);
    }

    #[test]
    fn whatever_is_there_without_a_reason_is_named() {
        let known = Known { correction: Some(moved(7)), ..paid() };
        assert_eq!(checks(&won(), &known), ["correction"]);
        assert_eq!(checks(&bet(None, None), &paid()), ["closing", "result"]);
        let elsewhere = Moved { account_id: AccountId(Uuid::from_u128(9)), ..moved(100) };
        assert_eq!(checks(&won(), &Known { stake: Some(elsewhere), ..paid() }), ["stake"]);
        assert_eq!(
            checks(&won(), &Known { closing: Some((OwedKind::Payout, moved(151))), ..paid() }),
            ["closing"]
        );
        assert_eq!(
            checks(&won(), &Known { closing: Some((OwedKind::Void, moved(150))), ..paid() }),
            ["closing"]
        );
        assert_eq!(stray(won().bet_id, &paid()).len(), 3);
    }

    #[test]
    fn what_is_owed_may_be_missing_but_not_be_wrong() {
        let owed = BookedBet { is_owed: true, ..won() };
        assert_eq!(checks(&owed, &Known { closing: None, result: None, ..paid() }), [""; 0]);
        let wrong = Known { closing: Some((OwedKind::Payout, moved(149))), ..paid() };
        assert_eq!(checks(&owed, &wrong), ["closing"]);
        assert_eq!(checks(&owed, &Known { stake: None, ..paid() }), ["stake"], "a stake is never owed");
    }

    #[test]
    fn a_refund_of_what_was_never_taken_is_none() {
        let refunded = bet(Some((OwedKind::Tombstone, Points(100))), None);
        let known = Known { is_refused: true, ..Known::default() };
        assert_eq!(checks(&refunded, &known), [""; 0]);
        let owed = BookedBet { is_owed: true, ..refunded.clone() };
        assert_eq!(checks(&owed, &known), ["stake"], "nobody will ever acknowledge it");
        assert_eq!(checks(&refunded, &Known::default()), ["stake", "closing"], "the stake may still come");
        assert_eq!(checks(&won(), &known), ["stake", "closing", "result"], "a win is due all the same");
    }
}
