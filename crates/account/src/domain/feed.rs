//! The order that transfers became visible in.

use chrono::{DateTime, Utc};
use loljoa_service_kit::Error;
use serde::{Deserialize, Serialize};

use super::transfer::{Kind, Transfer};

/// A place in the feed: the transaction, then the transfer's number in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) xid: i64,
    pub(crate) seq: i64,
}

/// A transfer at its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) position: Position,
    pub(crate) transfer: Transfer,
    pub(crate) created_at: DateTime<Utc>,
    /// Whether it is as old as the reader wants it.
    pub(crate) ripe: bool,
}

/// A page of the feed, and where to read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Position,
    /// Whether there may be more to read at once.
    pub(crate) more: bool,
}

/// Cuts what was read at the first transfer that is too young, because a cursor cannot leave a gap behind, and then
/// leaves out the kinds that are not wanted.
pub(crate) fn page(read: Vec<Entry>, limit: i64, from: Position, wanted: &[Kind]) -> Page {
    let ripe: Vec<Entry> = read.into_iter().take_while(|entry| entry.ripe).collect();
    let more = usize::try_from(limit).is_ok_and(|limit| ripe.len() >= limit);
    let next = ripe.last().map_or(from, |entry| entry.position);
    let is_wanted = |entry: &Entry| wanted.is_empty() || wanted.contains(&entry.transfer.kind);
    Page { entries: ripe.into_iter().filter(is_wanted).collect(), next, more }
}

/// A cursor that names no transfer of this ledger. Its reader has seen what was lost when the ledger was restored, or failed
/// over to a replica that lagged; what has taken those places since would be skipped.
pub(crate) fn cursor_ahead() -> Error {
    Error::conflict("cursor_ahead", "the cursor names a transfer that this ledger does not have")
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::AccountId;

    use super::*;
    use crate::domain::grant;

    fn entry(seq: i64, ripe: bool) -> Entry {
        let (transfer, created_at) = (grant::signup(AccountId::fresh()), DateTime::UNIX_EPOCH);
        Entry { position: Position { xid: 7, seq }, transfer, created_at, ripe }
    }

    #[test]
    fn nothing_behind_a_young_transfer_is_read() {
        let page = page(vec![entry(1, true), entry(2, false), entry(3, true)], 3, Position::default(), &[]);
        assert_eq!(page.entries.len(), 1);
        assert_eq!(page.next, Position { xid: 7, seq: 1 });
        assert!(!page.more, "what is too young does not ripen by reading on at once");
    }

    #[test]
    fn the_cursor_passes_kinds_that_are_not_wanted() {
        let page = page(vec![entry(1, true), entry(2, true)], 2, Position::default(), &[Kind::Stake]);
        assert!(page.entries.is_empty() && page.more);
        assert_eq!(page.next, Position { xid: 7, seq: 2 });
    }

    #[test]
    fn at_the_end_the_cursor_stays() {
        let from = Position { xid: 9, seq: 9 };
        assert_eq!(page(Vec::new(), 1, from, &[]).next, from);
    }
}
