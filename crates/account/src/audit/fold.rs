//! System accounts and covers, rebuilt by folding the feed of transfers.

use std::collections::HashMap;

use loljoa_service_kit::Points;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    domain::{
        audit::{BetTransfer, Check, Difference},
        feed::Position,
    },
    store::{
        audit_covers, audit_full,
        audit_pools::{self, Entry, Reach},
        periods::archive as periods,
    },
};

/// How much is folded anew at once.
const PAGE: i64 = 10_000;

/// What system accounts hold by the transfers up to a place of the feed. Grows with the markets, not with the transfers.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    cursor: Position,
    /// Up to where what no watermark covers yet has been read. It is not folded: more may come before it.
    late: Option<Position>,
    held: HashMap<Uuid, i64>,
    covers: HashMap<Uuid, i64>,
    transfers: i64,
    /// How many periods were archived when it began; what they did is not folded.
    archived: Option<i64>,
}

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its transfers that were made for bets.
    pub bet_transfers: Vec<BetTransfer>,
    /// How many transfers it has in all.
    pub transfers: i64,
    /// Whether there may be more.
    pub more: bool,
}

/// What a comparison of all system accounts found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemAccounts {
    /// From how many transfers they were rebuilt.
    pub transfers: i64,
    /// The sum of all balances, those of users included; zero, if all is well.
    pub sum: Points,
    /// Everything that is not what it should be, stakes included that were applied although they are refused.
    pub differences: Vec<Difference>,
}

impl Fold {
    /// Reads at most `limit` transfers further, and gives those that were made for bets.
    ///
    /// What is below the watermark is folded. At last come all others that are committed, so that no transaction that
    /// somebody leaves open hides them: only what is committed after the first page may be missed.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn next(&mut self, pool: &PgPool, limit: i64) -> sqlx::Result<Page> {
        if self.archived.is_none() {
            self.archived = Some(periods::archived(pool).await?);
        }
        if let Some(from) = self.late {
            let entries = audit_pools::page(pool, from, Reach::Committed, limit).await?;
            self.late = entries.last().map(|entry| entry.position).or(self.late);
            let more = is_full(&entries, limit);
            return Ok(Page::of(entries, more));
        }
        let entries = audit_pools::page(pool, self.cursor, Reach::BelowWatermark, limit).await?;
        for entry in &entries {
            self.cursor = entry.position;
            *self.held.entry(entry.ledger).or_default() += entry.change.0;
            if let Some((market, change)) = entry.cover {
                *self.covers.entry(market).or_default() += change.0;
            }
        }
        if !is_full(&entries, limit) {
            self.late = Some(self.cursor);
        }
        let page = Page::of(entries, true);
        self.transfers += page.transfers;
        Ok(page)
    }

    /// Compares what is folded, and what came after it, with what is stored, in one state of the database. Where a period was
    /// archived meanwhile all is folded anew: nobody can tell how much of it was.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn close(mut self, pool: &PgPool) -> sqlx::Result<SystemAccounts> {
        let mut snapshot = audit_full::snapshot(pool).await?;
        while self.archived != Some(periods::archived(&mut *snapshot).await?) {
            snapshot.commit().await?;
            self = Self::default();
            while self.next(pool, PAGE).await?.more {}
            snapshot = audit_full::snapshot(pool).await?;
        }
        let tail = audit_pools::tail(&mut snapshot, self.cursor).await?;
        let covers = audit_covers::tail(&mut snapshot, self.cursor).await?;
        let sum = audit_full::sum(&mut snapshot).await?;
        let mut differences = audit_pools::refused_stakes(&mut snapshot).await?;
        snapshot.commit().await?;
        for system in tail {
            self.transfers += system.transfers;
            let folded = self.held.remove(&system.ledger).unwrap_or_default();
            let expected = folded + system.change.0;
            differences.extend(difference(system.ledger, Check::Balance, expected, system.stored.0));
        }
        let unknown = self.held.into_iter();
        differences
            .extend(unknown.filter_map(|(ledger, folded)| difference(ledger, Check::Balance, folded, 0)));
        differences.extend(covers_apart(self.covers, covers));
        differences.sort_by_key(|difference| difference.id);
        Ok(SystemAccounts { transfers: self.transfers, sum, differences })
    }
}

impl Page {
    fn of(entries: Vec<Entry>, more: bool) -> Self {
        let transfers = count(&entries);
        Self {
            bet_transfers: entries.into_iter().filter_map(|it| it.bet_transfer).collect(),
            transfers,
            more,
        }
    }
}

fn count(entries: &[Entry]) -> i64 {
    i64::try_from(entries.len()).unwrap_or(i64::MAX)
}

fn is_full(entries: &[Entry], limit: i64) -> bool {
    count(entries) == limit
}

/// Covers that are stored otherwise than transfers make them. What archived transfers made of theirs is not known.
fn covers_apart(mut folded: HashMap<Uuid, i64>, tail: Vec<audit_covers::Tail>) -> Vec<Difference> {
    let mut apart = Vec::new();
    for audit_covers::Tail { market, stored, change, is_archived } in tail {
        let expected = folded.remove(&market).unwrap_or_default() + change.0;
        apart.extend(difference(market, Check::Cover, expected, stored.0).filter(|_| !is_archived));
    }
    // What is not stored at all has no balance either, which is a difference of its own.
    let unknown = folded.into_iter();
    apart.extend(unknown.filter_map(|(market, folded)| difference(market, Check::Cover, folded, 0)));
    apart
}

fn difference(id: Uuid, check: Check, expected: i64, found: i64) -> Option<Difference> {
    let (expected, found) = (Points(expected), Points(found));
    (expected != found).then_some(Difference { id, check, expected, found })
}
