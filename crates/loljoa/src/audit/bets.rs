use std::collections::{HashMap, HashSet};

use loljoa_account::audit::{BetTransfer, BetTransferKind, Fold, bet_results_after};
use loljoa_betting::{
    audit::{BookedBet, Known, bets_after, compare, known_bets},
    periods::archived_markets,
};
use loljoa_service_kit::{BetId, MarketId, Points};
use sqlx::PgPool;

use super::{
    Audit, Difference,
    known::{known, own_id},
};

/// Bets, transfers or results of one look.
const MOST: i64 = 10_000;

impl Audit<'_> {
    /// Does each bet have the stake, the closing and the result in the ledger that follow from it?
    pub(super) async fn bets(&mut self) -> sqlx::Result<()> {
        self.progress.begin("bets");
        for betting in self.books.bettings() {
            self.bets_of(betting).await?;
        }
        Ok(())
    }

    async fn bets_of(&mut self, betting: &PgPool) -> sqlx::Result<()> {
        let (mut pace, mut after) = (self.pace(MOST), None);
        loop {
            let bets = bets_after(betting, after, pace.begin()).await?;
            let Some(last) = bets.last() else { return Ok(()) };
            after = Some((last.market_id, last.seq));
            let differing = self.differing(&bets).await?;
            pace.end();
            let looked_at = i64::try_from(bets.len()).unwrap_or(i64::MAX);
            self.progress.advance(looked_at);
            self.report.bets += looked_at;
            self.suspect(differing).await?;
        }
    }

    async fn differing(&self, bets: &[BookedBet]) -> sqlx::Result<Vec<BetId>> {
        let ids: Vec<_> = bets.iter().map(|bet| bet.bet_id).collect();
        let known = known(self.books, &ids).await?;
        let nothing = Known::default();
        let differs = |bet: &&BookedBet| !compare(bet, known.get(&bet.bet_id).unwrap_or(&nothing)).is_empty();
        Ok(bets.iter().filter(differs).map(|bet| bet.bet_id).collect())
    }

    /// Does each transfer that was made for a bet have that bet? And do the transfers make the system accounts' balances?
    pub(super) async fn transfers(&mut self) -> sqlx::Result<()> {
        for account in self.books.accounts() {
            self.transfers_of(account).await?;
        }
        Ok(())
    }

    async fn transfers_of(&mut self, account: &PgPool) -> sqlx::Result<()> {
        self.progress.begin("transfers");
        let (mut pace, mut fold) = (self.pace(MOST), Fold::default());
        loop {
            let read = fold.next(account, pace.begin()).await?;
            let stakes = read.bet_transfers.iter().filter(|it| it.kind == BetTransferKind::Stake).count();
            self.report.stakes += i64::try_from(stakes).unwrap_or(i64::MAX);
            for transfer in read.bet_transfers.iter().filter(|it| it.transfer_id != own_id(it)) {
                self.findings.add(foreign(transfer));
            }
            let betless = self.betless(read.bet_transfers.iter().map(|it| (it.bet_id, it.market_id))).await?;
            pace.end();
            self.progress.advance(read.transfers);
            self.suspect(betless).await?;
            if !read.more {
                break;
            }
        }
        self.progress.begin("system accounts");
        let system = fold.close(account).await?;
        self.report.transfers += system.transfers;
        self.findings.of_account(system.differences);
        if system.sum != Points::ZERO {
            self.findings.add(sum(system.sum));
        }
        Ok(())
    }

    /// Does each result belong to a bet?
    pub(super) async fn results(&mut self) -> sqlx::Result<()> {
        self.progress.begin("results");
        for account in self.books.accounts() {
            self.results_of(account).await?;
        }
        Ok(())
    }

    async fn results_of(&mut self, account: &PgPool) -> sqlx::Result<()> {
        let (mut pace, mut after) = (self.pace(MOST), None);
        loop {
            let results = bet_results_after(account, after, pace.begin()).await?;
            let Some(last) = results.last() else { return Ok(()) };
            after = Some(last.bet_id);
            let betless = self.betless(results.iter().map(|it| (it.bet_id, it.market_id))).await?;
            pace.end();
            self.progress.advance(i64::try_from(results.len()).unwrap_or(i64::MAX));
            self.suspect(betless).await?;
        }
    }

    /// Those of these bets that are not there, but for bets on markets that betting has archived: for these the ledger must
    /// hold nothing.
    async fn betless(&self, bets: impl Iterator<Item = (BetId, MarketId)>) -> sqlx::Result<Vec<BetId>> {
        let mut betless: HashMap<BetId, MarketId> = bets.collect();
        let ids: Vec<_> = betless.keys().copied().collect();
        for betting in self.books.bettings() {
            for known in known_bets(betting, &ids).await? {
                betless.remove(&known);
            }
        }
        let markets: HashSet<_> = betless.values().copied().collect();
        let markets: Vec<_> = markets.into_iter().collect();
        let archived = self.archived_in_betting(&markets).await?;
        betless.retain(|_, market| !archived.contains(market));
        Ok(betless.into_keys().collect())
    }
}

impl Audit<'_> {
    /// Those of these markets whose bets betting has archived, in whichever cell.
    pub(super) async fn archived_in_betting(&self, markets: &[MarketId]) -> sqlx::Result<HashSet<MarketId>> {
        let mut archived = HashSet::new();
        for betting in self.books.bettings() {
            archived.extend(archived_markets(betting, markets).await?);
        }
        Ok(archived)
    }
}

/// A transfer under an id that no bet gave it.
fn foreign(transfer: &BetTransfer) -> Difference {
    Difference {
        books: "both",
        check: "transfer".into(),
        subject: transfer.transfer_id.to_string(),
        expected: own_id(transfer).to_string(),
        found: format!("{:?} of {} points for bet {}", transfer.kind, transfer.points, transfer.bet_id),
    }
}

fn sum(found: Points) -> Difference {
    Difference {
        books: "account",
        check: "sum".into(),
        subject: "all balances".into(),
        expected: "0".into(),
        found: found.to_string(),
    }
}
