//! What the continuous audit looks at, and what it finds.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points};

use super::{BetState, Owed, bet::Fingerprint};

/// A place in the order in which bets changed: the transaction, then the bet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The transaction's number.
    pub(crate) xid: i64,
    /// The bet's own sequence.
    pub(crate) seq: i64,
}

/// A bet as the audit sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditedBet {
    /// The transaction that changed it last.
    pub(crate) xid: i64,
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// Its id.
    pub(crate) bet_id: BetId,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// On which question.
    pub(crate) market_id: MarketId,
    /// How much.
    pub(crate) stake: Points,
    /// Where it stands.
    pub(crate) state: BetState,
    /// What the account gets back.
    pub(crate) returned: Points,
    /// What tells it from another request under the same key.
    pub(crate) fingerprint: Fingerprint,
    /// Whether the ledger has yet to acknowledge how it ended.
    pub(crate) owed: bool,
}

impl AuditedBet {
    /// Where it is in the order of changes.
    #[must_use]
    pub(crate) const fn place(&self) -> Place {
        Place { xid: self.xid, seq: self.seq }
    }

    /// The closing that the ledger has acknowledged. None while the bet is open or its closing is owed, and for a lost bet:
    /// there the stake is what the ledger must have. A closing cannot be there without its stake.
    #[must_use]
    pub(crate) fn closing(&self) -> Option<Owed> {
        let kind = self.state.closing().filter(|_| !self.owed)?;
        let (bet_id, account_id, market_id) = (self.bet_id, self.account_id, self.market_id);
        Some(Owed { bet_id, account_id, market_id, kind, points: self.returned, staked: self.stake })
    }
}

/// Two things that should agree and do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What was compared, such as `stake` or `market_pool`.
    pub(crate) check: String,
    /// Of which bet, market, outcome or position.
    pub(crate) subject: String,
    /// The market, where one is at issue.
    pub(crate) market_id: Option<MarketId>,
    /// The bet, where one is at issue.
    pub(crate) bet_id: Option<BetId>,
    /// Whom a transfer concerned that does not follow from its bet.
    pub(crate) account_id: Option<AccountId>,
    /// The kind of such a transfer.
    pub(crate) kind: Option<String>,
    /// The points of such a transfer.
    pub(crate) points: Option<Points>,
    /// What should be there.
    pub(crate) expected: String,
    /// What is there.
    pub(crate) found: String,
    /// How long it has to last until it counts, because it can be right for a while. Milliseconds.
    pub(crate) patience_ms: i64,
}

impl Finding {
    /// Something found of a market.
    #[must_use]
    pub(crate) fn of_market(market: MarketId, check: &str, subject: String) -> Self {
        Self {
            check: check.to_owned(),
            subject,
            market_id: Some(market),
            bet_id: None,
            account_id: None,
            kind: None,
            points: None,
            expected: String::new(),
            found: String::new(),
            patience_ms: 0,
        }
    }

    /// Something found of a bet.
    #[must_use]
    pub(crate) fn of_bet(bet: &AuditedBet, check: &str, expected: Points, found: String) -> Self {
        Self {
            bet_id: Some(bet.bet_id),
            expected: expected.to_string(),
            found,
            ..Self::of_market(bet.market_id, check, bet.bet_id.to_string())
        }
    }

    /// For people.
    #[must_use]
    pub(crate) fn message(&self) -> String {
        let Self { check, subject, expected, found, .. } = self;
        match check.as_str() {
            "stake" => format!("bet {subject} stands for {expected} points, of which the ledger has {found}"),
            "closing" => {
                format!("bet {subject} was to get {expected} points back, of which the ledger has {found}")
            }
            "final_pool" => format!("the ledger holds {found} points for final market {subject}"),
            "transfer" => format!("transfer {subject} does not follow from its bet: {found}"),
            _ => format!("{check} {subject} should be {expected} and is {found}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::OwedKind;

    fn bet(state: BetState, owed: bool) -> AuditedBet {
        AuditedBet {
            xid: 1,
            seq: 1,
            bet_id: BetId(Uuid::from_u128(1)),
            account_id: AccountId(Uuid::from_u128(2)),
            market_id: MarketId(Uuid::from_u128(3)),
            stake: Points(100),
            state,
            returned: Points(100),
            fingerprint: Fingerprint([7; 32]),
            owed,
        }
    }

    #[test]
    fn a_closing_is_asked_for_once_the_ledger_has_acknowledged_it() {
        let closing = |state, owed| bet(state, owed).closing().map(|owed| owed.kind);
        assert_eq!(closing(BetState::Cancelled, true), None);
        assert_eq!(closing(BetState::Cancelled, false), Some(OwedKind::Cancel));
        assert_eq!(closing(BetState::Won, false), Some(OwedKind::Payout));
        assert_eq!(closing(BetState::Lost, false), None, "nothing moves for a lost bet");
        assert_eq!(closing(BetState::Accepted, false), None);
    }
}
