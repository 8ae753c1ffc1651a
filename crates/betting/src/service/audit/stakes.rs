//! Whether the ledger has the stake of every bet, and the closing of every bet that has ended.

use loljoa_service_kit::{BetId, Error, Points, postgres};

use super::Auditor;
use crate::{
    domain::finding::{AuditedBet, Finding, Place},
    ledger,
    service::{
        feed_watch::CURSOR_AHEAD,
        recovery::{self, Seen},
    },
    store::{
        self,
        audit::{changes, findings, turns, turns::Turn},
    },
};

const PAGE: i64 = 1_000;
/// The most pages of one look; then everything else has its turn, and the audit its rest.
const PAGES: usize = 5;
/// From this lag on the audit hurries. Milliseconds.
const LATE_MS: i64 = 10_000;
/// How many findings are looked at again each time.
const AGAIN: i64 = 1_000;

impl Auditor {
    /// Compares the bets that have changed since the last time, the oldest changes first, and those of which something was
    /// found before. Answers whether these were all.
    pub(super) async fn compare_stakes(&mut self) -> Result<bool, Error> {
        self.late = false;
        let found_before = findings::bets(&self.pool, AGAIN).await?;
        let bets = changes::by_ids(&self.pool, &found_before).await?;
        self.replace(&found_before, &self.examine(&bets).await?, None).await?;
        for _ in 0..PAGES {
            let from = changes::place(&self.pool).await?;
            self.look_where_it_stands(from).await?;
            let page = changes::page(&self.pool, from, PAGE).await?;
            if let Some(last) = page.last() {
                self.pass(from, last.place(), &page).await?;
            }
            let to = page.last().map_or(from, AuditedBet::place);
            let lag_ms = changes::standing(&self.pool, to).await?.lag_ms;
            self.watch.read(lag_ms);
            if i64::try_from(page.len()).is_ok_and(|read| read < PAGE) {
                return Ok(true);
            }
            self.late = lag_ms > LATE_MS;
            if !self.lease().await {
                break;
            }
        }
        Ok(false)
    }

    async fn look_where_it_stands(&mut self, place: Place) -> Result<(), Error> {
        if changes::standing(&self.pool, place).await?.ahead {
            let error = Error::conflict(CURSOR_AHEAD, "the audit has counted bets that are not there");
            self.watch.failed(&format!("{}/{}", place.xid, place.seq), &error).await;
            return Err(error);
        }
        Ok(())
    }

    async fn pass(&self, from: Place, to: Place, page: &[AuditedBet]) -> Result<(), Error> {
        let found = self.examine(page).await?;
        let ids: Vec<_> = page.iter().map(|bet| bet.bet_id).collect();
        self.replace(&ids, &found, Some((from, to))).await
    }

    /// Keeps what was found of these bets in place of what was found before, in one commit with what moves the cursor.
    pub(super) async fn replace(
        &self,
        bets: &[BetId],
        found: &[Finding],
        passed: Option<(Place, Place)>,
    ) -> Result<(), Error> {
        if bets.is_empty() {
            return Ok(());
        }
        postgres::retrying(|| async {
            let mut transaction = postgres::begin(&self.pool).await?;
            if let Some((from, to)) = passed
                && !changes::pass(&mut transaction, from, to).await?
            {
                return Ok(());
            }
            findings::replace_of_bets(&mut transaction, bets, found).await?;
            transaction.commit().await
        })
        .await?;
        Ok(())
    }

    /// Looks for the bets' transfers in the ledger. A bet follows its stake, and a closing is forgotten after the ledger has
    /// acknowledged it, so what is not there now is missing, however young.
    pub(super) async fn examine(&self, bets: &[AuditedBet]) -> Result<Vec<Finding>, Error> {
        if bets.is_empty() {
            return Ok(Vec::new());
        }
        let due = bets.iter().map(|bet| (bet.account_id, ledger::due(bet)));
        let missing = self.ledger.check(due.collect()).await?;
        let finding = |(index, found): (usize, Option<Points>)| {
            let bet = bets.get(index)?;
            let found = found
                .map_or_else(|| "nothing".to_owned(), |points| format!("{points}, or not as it should be"));
            Some(match bet.closing() {
                Some(closing) => Finding::of_bet(bet, "closing", closing.points, found),
                None => Finding::of_bet(bet, "stake", bet.stake, found),
            })
        };
        Ok(missing.into_iter().filter_map(finding).collect())
    }

    /// Compares the bets whose turn it is.
    pub(super) async fn compare_stakes_in_turn(&self) -> Result<(), Error> {
        let limit = i64::from(self.config.audit_sample);
        let bets = turns::bets(&self.pool, limit).await?;
        let ids: Vec<_> = bets.iter().map(|bet| bet.bet_id).collect();
        self.replace(&ids, &self.examine(&bets).await?, None).await?;
        let is_last = i64::try_from(bets.len()).is_ok_and(|looked| looked < limit);
        let last = bets.last().filter(|_| !is_last).map(|bet| (bet.bet_id.0, uuid::Uuid::nil()));
        Ok(turns::go_on(&self.pool, Turn::Bets, last).await?)
    }

    /// Looks again at transfers that did not follow from their bets: a bet may have got there since.
    pub(super) async fn compare_transfers_again(&self) -> Result<(), Error> {
        let found = findings::transfers(&self.pool, AGAIN).await?;
        let ids: Vec<_> = found.iter().filter_map(|finding| finding.bet_id).collect();
        let bets = store::bets::by_ids(&self.pool, &ids).await?;
        let found: Vec<_> = found.into_iter().filter_map(|it| Some((Seen::of(&it)?, it))).collect();
        let corrections = recovery::corrections(&self.pool, found.iter().map(|(seen, _)| seen)).await?;
        for (seen, finding) in found {
            let bet = bets.iter().find(|bet| Some(bet.bet_id) == finding.bet_id);
            let correction = finding.market_id.and_then(|market| corrections.get(&market));
            if seen.difference(bet, correction).is_none() {
                findings::forget(&self.pool, &finding.check, &finding.subject).await?;
            }
        }
        Ok(())
    }
}
