//! Follows the ledger's feed, below a watermark. A stake that never became a bet is given back, and a transfer that does not
//! follow from its bet is reported. One replica does so at a time.

mod seen;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use loljoa_proto::account::v1::{FeedTransfer, TransferKind};
use loljoa_service_kit::{BetId, Cell, Error, Slot, postgres};
use metrics::counter;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::seen::{Seen, corrections};
use super::{
    Wakers,
    feed_watch::{self, FeedWatch},
    unless_lost,
};
use crate::{
    config,
    domain::{Bet, finding::Finding},
    ledger::LedgerCell,
    store::{self, audit::findings, bets::TakenStake, cursors::Consumer},
};

const PAGE: i32 = 1_000;
const LEASE_MS: i64 = 30_000;

/// The follower of the feed of one cell of the ledger.
pub(crate) struct Recovery {
    pool: PgPool,
    ledger: LedgerCell,
    /// Which feed that is.
    consumer: Consumer,
    /// Whose markets these are: a cell of the ledger tells of those of all cells of betting.
    cell: Cell,
    replica: Uuid,
    config: config::Recovery,
    wakers: Wakers,
    watch: FeedWatch,
}

impl Recovery {
    /// A follower with its cursor in `pool`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        (place, ledger): (u16, LedgerCell),
        cell: Cell,
        replica: Uuid,
        config: config::Recovery,
        wakers: Wakers,
    ) -> Self {
        let consumer = Consumer::Ledger(place);
        let watch = FeedWatch::new(consumer.name(), pool.clone());
        Self { pool, ledger, consumer, cell, replica, config, wakers, watch }
    }

    /// Runs until `closing`, and then lets another replica go on at once.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let mut ticks = time::interval(Duration::from_millis(self.config.interval_ms));
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Some(Err(error)) =
                closing.run_until_cancelled(unless_lost(Box::pin(self.run_once()))).await
            {
                tracing::warn!(
                    event = "recovery.failed",
                    %error, "the ledger could not be compared with the bets"
                );
            }
        }
        if let Err(error) = store::cursors::release(&self.pool, self.consumer, self.replica).await {
            tracing::warn!(
                event = "recovery.lease_left",
                %error, "the lease on the ledger's feed was left to expire"
            );
        }
    }

    /// Reads the feed while there are full pages, if no other replica does so. What ripens meanwhile waits for the next time,
    /// so that a busy ledger is not asked again for every few transfers.
    ///
    /// # Errors
    ///
    /// When the database or the ledger does not answer; run again, it goes on where it was.
    pub(crate) async fn run_once(&mut self) -> Result<(), Error> {
        while let Some(cursor) =
            store::cursors::lease(&self.pool, self.consumer, self.replica, LEASE_MS).await?
        {
            let page = match self.ledger.feed(cursor.clone(), PAGE, i64::from(self.config.grace_ms)).await {
                Ok(page) => page,
                Err(error) => {
                    self.watch.failed(&cursor, &error).await;
                    return Err(error);
                }
            };
            if page.next_cursor != cursor
                && let Err(error) = self.reconcile(&cursor, &page.next_cursor, &page.transfers).await
            {
                self.watch.failed(&cursor, &error).await;
                return Err(error);
            }
            self.watch.read(page.lag_ms);
            if !page.more {
                return Ok(());
            }
        }
        self.watch.stand_down();
        Ok(())
    }

    /// Takes a page of the ledger's feed into account, and moves the cursor in the same commit.
    async fn reconcile(&self, from: &str, to: &str, page: &[FeedTransfer]) -> Result<(), Error> {
        let (mut transfers, mut differences) = (Vec::new(), Vec::new());
        for (transfer, item) in page.iter().filter_map(|item| Some((item.transfer.as_ref()?, item))) {
            match Seen::read(transfer, moved_at(item)) {
                Ok(seen) if !self.cell.owns(Slot::of_market(seen.stake.market_id)) => {}
                Ok(seen) => transfers.push(seen),
                Err(error) => differences.push(seen::unreadable(transfer, &error)),
            }
        }
        let ids: Vec<_> = transfers.iter().map(|seen| seen.stake.bet_id).collect();
        let bets = store::bets::by_ids(&self.pool, &ids).await?;
        let bets: HashMap<_, _> = bets.into_iter().map(|bet| (bet.bet_id, bet)).collect();
        self.pass_over_archived(&mut transfers, &bets).await?;
        let is_orphan =
            |seen: &&Seen| seen.kind == TransferKind::Stake && !bets.contains_key(&seen.stake.bet_id);
        let orphans: Vec<_> = transfers.iter().filter(is_orphan).map(|seen| seen.stake.clone()).collect();
        self.keep_to_own(&orphans).await?;
        let orphaned: HashSet<_> = orphans.iter().map(|stake| stake.bet_id).collect();
        let corrections = corrections(&self.pool, transfers.iter()).await?;
        let booked = transfers.iter().filter(|seen| !orphaned.contains(&seen.stake.bet_id));
        differences.extend(booked.filter_map(|seen| {
            seen.difference(bets.get(&seen.stake.bet_id), corrections.get(&seen.stake.market_id))
        }));
        let written = postgres::retrying(|| self.commit(from, to, &orphans, &differences)).await?;
        if written > 0 {
            tracing::warn!(
                event = "recovery.stakes_returned",
                stakes = written,
                "gave back stakes that never became bets"
            );
            counter!("loljoa_recovered_stakes_total", "service" => "betting")
                .increment(written.unsigned_abs());
            self.wakers.owed.ring();
        }
        Ok(())
    }

    /// A market whose id tells its slot was opened beside other cells of betting. Where this database does not have it, another
    /// has, and with it the bets: this replica was told of fewer cells than there are, and must not give their stakes back.
    async fn keep_to_own(&self, orphans: &[TakenStake]) -> Result<(), Error> {
        let of_cells = orphans.iter().map(|stake| stake.market_id);
        let markets: HashSet<_> = of_cells.filter(|market| Slot::told_by(market.0).is_some()).collect();
        if markets.is_empty() {
            return Ok(());
        }
        let markets: Vec<_> = markets.into_iter().collect();
        store::markets::missing(&self.pool, &markets)
            .await?
            .map_or(Ok(()), |market| Err(feed_watch::of_another_cell(market)))
    }

    /// Leaves out transfers of bets that have been archived: a feed that is read from its beginning again still tells of them.
    /// What moved later than its market's bets were archived is of none of these.
    async fn pass_over_archived(
        &self,
        transfers: &mut Vec<Seen>,
        bets: &HashMap<BetId, Bet>,
    ) -> Result<(), Error> {
        let has_bet = |seen: &Seen| bets.contains_key(&seen.stake.bet_id);
        let markets: HashSet<_> =
            transfers.iter().filter(|seen| !has_bet(seen)).map(|seen| seen.stake.market_id).collect();
        if markets.is_empty() {
            return Ok(());
        }
        let markets: Vec<_> = markets.into_iter().collect();
        let archived = store::periods::archived(&self.pool, &markets).await?;
        transfers.retain(|seen| {
            has_bet(seen) || archived.get(&seen.stake.market_id).is_none_or(|at| seen.moved_at > Some(*at))
        });
        Ok(())
    }

    async fn commit(
        &self,
        from: &str,
        to: &str,
        orphans: &[TakenStake],
        differences: &[Finding],
    ) -> Result<i64, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !store::cursors::advance(&mut transaction, self.consumer, from, to).await? {
            return Ok(0);
        }
        let mut written = 0;
        if !orphans.is_empty() {
            written = store::bets::tombstone(&mut transaction, orphans).await?;
        }
        for difference in differences {
            findings::keep(&mut transaction, difference).await?;
        }
        transaction.commit().await?;
        Ok(written)
    }
}

fn moved_at(item: &FeedTransfer) -> Option<DateTime<Utc>> {
    let at = item.created_at.as_ref()?;
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}
