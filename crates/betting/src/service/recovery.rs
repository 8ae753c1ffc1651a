//! Compares the ledger with the bets, continuously and below a watermark. A stake that never became a bet is given back.
//! One replica does so at a time.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use loljoa_proto::account::v1::{FeedTransfer, Transfer, TransferKind};
use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points, postgres};
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Wakers, number};
use crate::{
    config,
    domain::{Bet, BetState, OwedKind, bet::Fingerprint},
    ledger::Ledger,
    store::{
        self,
        bets::TakenStake,
        cursors::Consumer,
        incidents::{IncidentKind, Report},
    },
};

const PAGE: i32 = 1_000;
const LEASE_MS: i64 = 30_000;
const FINAL_MARKETS: i64 = 1_000;

/// The reconciler.
pub(crate) struct Recovery {
    pool: PgPool,
    ledger: Ledger,
    replica: Uuid,
    config: config::Recovery,
    wakers: Wakers,
    /// Final markets whose pool is not empty in the ledger, and since when.
    suspects: HashMap<MarketId, Instant>,
    audited: Option<Instant>,
}

impl Recovery {
    /// A reconciler over `pool` and `ledger`.
    #[must_use]
    pub(crate) fn new(
        pool: PgPool,
        ledger: Ledger,
        replica: Uuid,
        config: config::Recovery,
        wakers: Wakers,
    ) -> Self {
        Self { pool, ledger, replica, config, wakers, suspects: HashMap::new(), audited: None }
    }

    /// Runs until `closing`, and then lets another replica go on at once.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let mut ticks = time::interval(Duration::from_millis(self.config.interval_ms));
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Some(Err(error)) = closing.run_until_cancelled(self.run_once()).await {
                tracing::warn!(%error, "the ledger could not be compared with the bets");
            }
        }
        if let Err(error) = store::cursors::release(&self.pool, Consumer::Ledger, self.replica).await {
            tracing::warn!(%error, "the lease on the ledger's feed was left to expire");
        }
    }

    /// Reads the ledger's feed as far as it goes, and audits the pools when it is time, if no other replica does so.
    ///
    /// # Errors
    ///
    /// When the database or the ledger does not answer; run again, it goes on where it was.
    pub(crate) async fn run_once(&mut self) -> Result<(), Error> {
        while let Some(cursor) =
            store::cursors::lease(&self.pool, Consumer::Ledger, self.replica, LEASE_MS).await?
        {
            let page = self.ledger.feed(cursor.clone(), PAGE, i64::from(self.config.grace_ms)).await?;
            if page.next_cursor == cursor {
                return self.audit_when_due().await;
            }
            self.reconcile(&cursor, &page.next_cursor, &page.transfers).await?;
        }
        report("live_pools", 0);
        report("final_pools", 0);
        Ok(())
    }

    /// Takes a page of the ledger's feed into account, and moves the cursor in the same commit.
    async fn reconcile(&self, from: &str, to: &str, page: &[FeedTransfer]) -> Result<(), Error> {
        let (mut transfers, mut differences) = (Vec::new(), Vec::new());
        for transfer in page.iter().filter_map(|item| item.transfer.as_ref()) {
            match Seen::read(transfer) {
                Ok(seen) => transfers.push(seen),
                Err(error) => differences.push(unreadable(transfer, &error)),
            }
        }
        let ids: Vec<_> = transfers.iter().map(|seen| seen.stake.bet_id).collect();
        let bets = store::bets::by_ids(&self.pool, &ids).await?;
        let bets: HashMap<_, _> = bets.into_iter().map(|bet| (bet.bet_id, bet)).collect();
        let is_orphan =
            |seen: &&Seen| seen.kind == TransferKind::Stake && !bets.contains_key(&seen.stake.bet_id);
        let orphans: Vec<_> = transfers.iter().filter(is_orphan).map(|seen| seen.stake.clone()).collect();
        let orphaned: HashSet<_> = orphans.iter().map(|stake| stake.bet_id).collect();
        let booked = transfers.iter().filter(|seen| !orphaned.contains(&seen.stake.bet_id));
        differences.extend(booked.filter_map(|seen| seen.difference(bets.get(&seen.stake.bet_id))));
        let written = postgres::retrying(|| self.commit(from, to, &orphans, &differences)).await?;
        if written > 0 {
            tracing::warn!(stakes = written, "gave back stakes that never became bets");
            counter!("loljoa_recovered_stakes_total", "service" => "betting")
                .increment(written.unsigned_abs());
            self.wakers.owed.notify_one();
        }
        Ok(())
    }

    async fn commit(
        &self,
        from: &str,
        to: &str,
        orphans: &[TakenStake],
        differences: &[Report],
    ) -> Result<i64, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !store::cursors::advance(&mut transaction, Consumer::Ledger, from, to).await? {
            return Ok(0);
        }
        let mut written = 0;
        if !orphans.is_empty() {
            written = store::bets::tombstone(&mut transaction, orphans).await?;
        }
        for difference in differences {
            store::incidents::report(&mut *transaction, difference).await?;
        }
        transaction.commit().await?;
        Ok(written)
    }

    async fn audit_when_due(&mut self) -> Result<(), Error> {
        let every = Duration::from_millis(self.config.audit_interval_ms);
        if self.audited.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        self.audited = Some(Instant::now());
        let differences = store::books::differences(&self.pool, true).await?;
        for difference in &differences {
            tracing::error!(?difference, "a pool differs from its bets");
        }
        report("live_pools", differences.len());
        let incidents = store::incidents::count(&self.pool, IncidentKind::AuditDifference).await?;
        report("transfers", incidents);
        let (waiting, parked) = store::owed::depth(&self.pool).await?;
        gauge!("loljoa_owed_transfers", "service" => "betting", "state" => "waiting")
            .set(number(waiting - parked));
        gauge!("loljoa_owed_transfers", "service" => "betting", "state" => "parked").set(number(parked));
        self.audit_final_pools().await
    }

    /// The ledger holds nothing for a final market. A stake that came too late may pass through, so only what stays counts.
    async fn audit_final_pools(&mut self) -> Result<(), Error> {
        let markets = store::books::lately_final(&self.pool, FINAL_MARKETS).await?;
        let balances =
            if markets.is_empty() { Vec::new() } else { self.ledger.pool_balances(&markets).await? };
        let filled: HashSet<_> =
            balances.into_iter().filter(|(_, points)| *points != Points::ZERO).map(|(id, _)| id).collect();
        self.suspects.retain(|id, _| filled.contains(id));
        for market in filled {
            self.suspects.entry(market).or_insert_with(Instant::now);
        }
        let patience =
            2 * Duration::from_millis(u64::from(self.config.grace_ms) + self.config.audit_interval_ms);
        let stayed: Vec<_> = self.suspects.iter().filter(|(_, since)| since.elapsed() > patience).collect();
        for (market_id, _) in &stayed {
            tracing::error!(%market_id, "the ledger holds points for a final market");
        }
        report("final_pools", stayed.len());
        Ok(())
    }
}

/// A transfer of the feed that concerns a bet.
struct Seen {
    kind: TransferKind,
    stake: TakenStake,
}

impl Seen {
    fn read(transfer: &Transfer) -> Result<Self, Error> {
        let fingerprint = transfer.fingerprint.as_slice().try_into();
        let fingerprint = fingerprint.map_err(|_| {
            Error::invalid_field("fingerprint", "fingerprint_malformed", "must be a fingerprint of betting")
        })?;
        let stake = TakenStake {
            bet_id: BetId::parse(&transfer.bet_id)?,
            account_id: AccountId::parse(&transfer.account_id)?,
            market_id: MarketId::parse(&transfer.market_id)?,
            stake: Points(transfer.points),
            fingerprint: Fingerprint(fingerprint),
        };
        Ok(Self { kind: transfer.kind(), stake })
    }

    /// What to report unless the bet agrees with this transfer.
    fn difference(&self, bet: Option<&Bet>) -> Option<Report> {
        let stake = &self.stake;
        let agrees = bet.is_some_and(|bet| {
            (bet.account_id, bet.market_id) == (stake.account_id, stake.market_id) && self.fits(bet)
        });
        (!agrees).then(|| Report {
            kind: IncidentKind::AuditDifference,
            match_id: None,
            market_id: Some(stake.market_id),
            subject: format!("{}/{}", stake.bet_id, self.kind.as_str_name()),
            message: format!(
                "the ledger moved {} points for bet {} ({}), which does not follow from the bet",
                stake.stake,
                stake.bet_id,
                self.kind.as_str_name()
            ),
        })
    }

    fn fits(&self, bet: &Bet) -> bool {
        let closes = |kind| bet.state.closing() == Some(kind) && bet.returned == self.stake.stake;
        match self.kind {
            TransferKind::Stake => bet.stake == self.stake.stake,
            TransferKind::Payout => closes(OwedKind::Payout),
            TransferKind::Cancel => closes(OwedKind::Cancel),
            TransferKind::Void => closes(OwedKind::Void),
            TransferKind::Tombstone => closes(OwedKind::Tombstone),
            TransferKind::Correction => matches!(bet.state, BetState::Lost | BetState::Void),
            TransferKind::Unspecified | TransferKind::SignupGrant | TransferKind::DailyGrant => false,
        }
    }
}

/// A transfer that no bet can have caused. It must not hold up those behind it.
fn unreadable(transfer: &Transfer, error: &Error) -> Report {
    let id = &transfer.transfer_id;
    Report {
        kind: IncidentKind::AuditDifference,
        match_id: None,
        market_id: MarketId::parse(&transfer.market_id).ok(),
        subject: id.clone(),
        message: format!(
            "the ledger moved {} points by transfer {id}, which is not betting's: {error}",
            transfer.points
        ),
    }
}

fn report(check: &'static str, differences: usize) {
    gauge!("loljoa_audit_difference", "service" => "betting", "check" => check).set(number(differences));
}
