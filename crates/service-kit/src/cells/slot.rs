//! Slots: into so many parts accounts and markets are divided for ever, however many cells share them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::name;
use crate::{AccountId, MarketId, MatchId};

/// How many slots there are.
pub const SLOTS: u16 = 4_096;
/// The version of ids that tell their slot.
const VERSION: u8 = 8;

/// One of [`SLOTS`] parts. Which cell has it depends on how many cells there are; what is in it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

impl Slot {
    /// Where everything is that does not tell its slot.
    pub const FIRST: Self = Self(0);

    /// The slot of this number, counted round.
    #[must_use]
    pub const fn numbered(number: u16) -> Self {
        Self(number % SLOTS)
    }

    /// The slot of a username, and of every name that looks like it.
    #[must_use]
    pub fn of_name(username: &str) -> Self {
        Self::hashed(name::folded(username).as_bytes())
    }

    /// The slot of all markets of a match, or of a question about a stage.
    #[must_use]
    pub fn of_match(match_id: MatchId) -> Self {
        Self::hashed(match_id.0.as_bytes())
    }

    /// The slot of an account.
    #[must_use]
    pub fn of_account(account: AccountId) -> Self {
        Self::told_by(account.0).unwrap_or(Self::FIRST)
    }

    /// The slot of a market.
    #[must_use]
    pub fn of_market(market: MarketId) -> Self {
        Self::told_by(market.0).unwrap_or(Self::FIRST)
    }

    /// The slot of the session that a refresh token is of: its first 16 bytes are the session's id.
    #[must_use]
    pub fn of_refresh_token(token: &str) -> Self {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        let session = bytes.first_chunk().and_then(|id| Self::told_by(Uuid::from_bytes(*id)));
        session.unwrap_or(Self::FIRST)
    }

    /// The slot that an id tells, if it tells any: twelve bits behind its version.
    #[must_use]
    pub fn told_by(id: Uuid) -> Option<Self> {
        let bytes = id.as_bytes();
        (bytes[6] >> 4 == VERSION).then(|| Self(u16::from_be_bytes([bytes[6] & 0x0f, bytes[7]])))
    }

    /// The id that tells this slot, and is otherwise `id`: one that sorts by time still does.
    #[must_use]
    pub fn stamp(self, id: Uuid) -> Uuid {
        let mut bytes = id.into_bytes();
        let [high, low] = self.0.to_be_bytes();
        bytes[6] = VERSION << 4 | high;
        bytes[7] = low;
        Uuid::from_bytes(bytes)
    }

    /// Whether `id` is this other one with a slot, or is it as it was before ids told their slots.
    #[must_use]
    pub fn is_made_of(id: Uuid, other: Uuid) -> bool {
        Self::told_by(id).map_or(other, |slot| slot.stamp(other)) == id
    }

    /// All ids that are this one with a slot, and this one itself.
    pub fn all_made_of(id: Uuid) -> impl Iterator<Item = Uuid> {
        (0..SLOTS).map(move |number| Self(number).stamp(id)).chain([id])
    }

    /// The least and the greatest id that is this one with a slot. Others may lie between.
    #[must_use]
    pub fn range_made_of(id: Uuid) -> [Uuid; 2] {
        [0, SLOTS - 1].map(|number| Self(number).stamp(id))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The place of the cell that has it, of so many cells: each has a range, in their order, of the same size but for one.
    #[must_use]
    pub(super) fn cell_of(self, cells: u16) -> u16 {
        let cell = u32::from(self.0) * u32::from(cells) / u32::from(SLOTS);
        u16::try_from(cell).unwrap_or_default()
    }

    /// The first twelve bits of a SHA-256.
    fn hashed(bytes: &[u8]) -> Self {
        let hash = digest(&SHA256, bytes);
        let [first, second, ..] = hash.as_ref() else { return Self::FIRST };
        Self(u16::from_be_bytes([*first, *second]) >> 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    /// A change of these moves accounts and markets away from where they are.
    #[test]
    fn slots_stay_what_they_are_for_ever() {
        let names = ["faker", "Faker", "페이커", "T1_구마유시_99"].map(|name| Slot::of_name(name).number());
        let match_id = MatchId(Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10));
        assert_eq!((names, Slot::of_match(match_id).number()), ([445, 445, 256, 642], 1_503));
    }

    #[test]
    fn an_id_tells_the_slot_that_it_was_stamped_with() {
        let (id, slot) = (ids::fresh(), Slot::numbered(0xabc));
        let stamped = slot.stamp(id);
        assert_eq!(Slot::told_by(stamped), Some(slot));
        assert_eq!(stamped.get_version_num(), 8);
        assert_eq!(stamped.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(stamped.as_bytes()[..6], id.as_bytes()[..6]);
        assert_eq!(stamped.as_bytes()[8..], id.as_bytes()[8..]);
    }

    #[test]
    fn a_refresh_token_tells_the_slot_of_its_session() {
        let slot = Slot::numbered(0x0a1);
        let token = |id: Uuid| BASE64_URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &[7; 16]].concat());
        assert_eq!(Slot::of_refresh_token(&token(slot.stamp(ids::fresh()))), slot);
        assert_eq!(Slot::of_refresh_token(&token(ids::fresh())), Slot::FIRST);
        for no_token in ["", "AAAA", "not base64!"] {
            assert_eq!(Slot::of_refresh_token(no_token), Slot::FIRST);
        }
    }

    #[test]
    fn an_id_of_before_is_in_the_first_slot() {
        assert_eq!(Slot::told_by(ids::fresh()), None);
        assert_eq!(Slot::of_account(AccountId::fresh()), Slot::FIRST);
        assert_eq!(Slot::of_market(MarketId(ids::derived(&[b"market"]))), Slot::FIRST);
    }

    #[test]
    fn names_are_spread_over_the_slots() {
        let (mut least, mut most) = (u32::MAX, 0);
        let mut counts = [0_u32; 4];
        for n in 0..20_000 {
            counts[usize::from(Slot::of_name(&format!("bettor_{n}")).cell_of(4))] += 1;
        }
        for count in counts {
            (least, most) = (least.min(count), most.max(count));
        }
        assert!(most - least < 500, "{counts:?}");
    }
}
