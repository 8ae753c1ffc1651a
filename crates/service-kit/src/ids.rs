//! Newtype ids, so that a market's id cannot stand where a bet's is wanted.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

/// The namespace of every id that is derived from other ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x3c5a_9a2e_7b1d_4e5f_8a60_10f0_1e5b_0a01);

/// A UUID derived from `parts`: the same parts always give the same id.
///
/// Parts are separated by a byte that text cannot hold, so that ("ab", "c") and ("a", "bc") differ.
#[must_use]
pub fn derived(parts: &[&[u8]]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, &parts.join(&0xff_u8))
}

/// A fresh random id that sorts by time of making.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that supplies ids")]
pub fn fresh() -> Uuid {
    Uuid::now_v7()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh random id that sorts by time of making.
            #[must_use]
            pub fn fresh() -> Self {
                Self(fresh())
            }

            /// Reads the id from text.
            ///
            /// # Errors
            ///
            /// [`Error`] with code `invalid` that names the field, when the text is not a UUID.
            pub fn parse(text: &str) -> Result<Self, Error> {
                Self::parse_field(text, $field)
            }

            /// Like [`Self::parse`], for a field of another name.
            ///
            /// # Errors
            ///
            /// [`Error`] with code `invalid` that names `field`, when the text is not a UUID.
            pub fn parse_field(text: &str, field: &'static str) -> Result<Self, Error> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| Error::invalid_field(field, "not_a_uuid", "must be a UUID"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(
    /// A user's account.
    AccountId,
    "accountId"
);
id!(
    /// A tournament, such as LCK 2022 Spring.
    TournamentId,
    "tournamentId"
);
id!(
    /// A team.
    TeamId,
    "teamId"
);
id!(
    /// A match between two teams.
    MatchId,
    "matchId"
);
id!(
    /// A question about a whole stage of a tournament.
    QuestionId,
    "questionId"
);
id!(
    /// A question on a match.
    MarketId,
    "marketId"
);
id!(
    /// An answer of a market.
    OutcomeId,
    "outcomeId"
);
id!(
    /// A bet.
    BetId,
    "betId"
);
id!(
    /// A transfer of points.
    TransferId,
    "transferId"
);
id!(
    /// Something that needs a person.
    IncidentId,
    "incidentId"
);
id!(
    /// What a client sends to have a write at most once.
    IdempotencyKey,
    "Idempotency-Key"
);

impl BetId {
    /// The id of the bet that `account` places under `key`.
    #[must_use]
    pub fn of(account: AccountId, key: IdempotencyKey) -> Self {
        Self(derived(&[b"bet", account.0.as_bytes(), key.0.as_bytes()]))
    }

    /// The transfer that takes this bet's stake.
    #[must_use]
    pub fn stake_transfer(self) -> TransferId {
        TransferId(Uuid::new_v5(&self.0, b"stake"))
    }

    /// The one transfer that closes this bet, whatever the reason: a payout and a refund can never both land.
    #[must_use]
    pub fn closing_transfer(self) -> TransferId {
        TransferId(Uuid::new_v5(&self.0, b"close"))
    }

    /// The transfer that pays a correction after the market settled on another outcome.
    #[must_use]
    pub fn correction_transfer(self) -> TransferId {
        TransferId(Uuid::new_v5(&self.0, b"correction"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_keep_their_parts_apart() {
        assert_ne!(derived(&[b"ab", b"c"]), derived(&[b"a", b"bc"]));
        assert_eq!(derived(&[b"ab", b"c"]), derived(&[b"ab", b"c"]));
    }

    #[test]
    fn a_bet_has_one_id_per_account_and_key() {
        let (alice, bob) = (AccountId::fresh(), AccountId::fresh());
        let key = IdempotencyKey::fresh();
        assert_eq!(BetId::of(alice, key), BetId::of(alice, key));
        assert_ne!(BetId::of(alice, key), BetId::of(bob, key));
        let bet = BetId::of(alice, key);
        assert_ne!(bet.stake_transfer(), bet.closing_transfer());
    }

    #[test]
    fn a_malformed_id_names_its_field() {
        let error = MarketId::parse("T1").unwrap_err();
        assert_eq!(error.to_string(), "marketId: must be a UUID");
    }
}
