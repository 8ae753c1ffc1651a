//! System accounts, rebuilt by folding the feed of transfers.

use std::collections::HashMap;

use loljoa_service_kit::Points;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    domain::{
        audit::{BetTransfer, Check, Difference},
        feed::Position,
    },
    store::{audit_full, audit_pools, periods::archive as periods},
};

/// How much is folded anew at once.
const PAGE: i64 = 10_000;

/// What system accounts hold by the transfers up to a place of the feed. Grows with the markets, not with the transfers.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    cursor: Position,
    held: HashMap<Uuid, i64>,
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
    pub is_full: bool,
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
    /// Folds the next `limit` transfers below the watermark, and gives those that were made for bets.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn next(&mut self, pool: &PgPool, limit: i64) -> sqlx::Result<Page> {
        if self.archived.is_none() {
            self.archived = Some(periods::archived(pool).await?);
        }
        let entries = audit_pools::page(pool, self.cursor, limit).await?;
        let transfers = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        self.transfers += transfers;
        let mut bet_transfers = Vec::with_capacity(entries.len());
        for entry in entries {
            self.cursor = entry.position;
            *self.held.entry(entry.ledger).or_default() += entry.change.0;
            bet_transfers.extend(entry.bet_transfer);
        }
        Ok(Page { bet_transfers, transfers, is_full: transfers == limit })
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
            while self.next(pool, PAGE).await?.is_full {}
            snapshot = audit_full::snapshot(pool).await?;
        }
        let tail = audit_pools::tail(&mut snapshot, self.cursor).await?;
        let sum = audit_full::sum(&mut snapshot).await?;
        let mut differences = audit_pools::refused_stakes(&mut snapshot).await?;
        snapshot.commit().await?;
        for system in tail {
            self.transfers += system.transfers;
            let folded = self.held.remove(&system.ledger).unwrap_or_default();
            differences.extend(difference(system.ledger, folded + system.change.0, system.stored.0));
        }
        let unknown = self.held.into_iter();
        differences.extend(unknown.filter_map(|(ledger, folded)| difference(ledger, folded, 0)));
        Ok(SystemAccounts { transfers: self.transfers, sum, differences })
    }
}

fn difference(id: Uuid, expected: i64, found: i64) -> Option<Difference> {
    let (expected, found) = (Points(expected), Points(found));
    (expected != found).then_some(Difference { id, check: Check::Balance, expected, found })
}
