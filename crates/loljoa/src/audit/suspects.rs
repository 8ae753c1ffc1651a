use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use loljoa_betting::audit::{self, Difference, Known, compare, stray};
use loljoa_service_kit::{BetId, MarketId};
use tokio::time;

use super::{Audit, known::known};

/// As many are looked at again at once.
const MOST: usize = 10_000;
const PAUSE: Duration = Duration::from_secs(2);

/// Bets that did not agree with the ledger when both were read, one after the other.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    bets: BTreeSet<BetId>,
    /// When the last one was found.
    since: Option<Instant>,
}

impl Audit<'_> {
    /// Remembers bets to look at again. When there are many they are looked at now, so that they do not fill the memory.
    pub(super) async fn suspect(&mut self, bets: Vec<BetId>) -> sqlx::Result<()> {
        if !bets.is_empty() {
            self.suspects.bets.extend(bets);
            self.suspects.since = Some(Instant::now());
        }
        if self.suspects.bets.len() >= MOST { self.look_again().await } else { Ok(()) }
    }

    /// Looks at the suspects until they agree or the grace is over. What differs still is a difference.
    pub(super) async fn look_again(&mut self) -> sqlx::Result<()> {
        let Some(since) = self.suspects.since.take() else { return Ok(()) };
        self.progress.begin("what differed");
        loop {
            let differences = self.look(&self.suspects.bets).await?;
            self.suspects.bets.retain(|bet| differences.contains_key(bet));
            // Once the list is full it is plain that something is wrong, and nobody waits for each of the rest.
            if differences.is_empty() || self.findings.is_full() || since.elapsed() >= self.options.grace {
                self.suspects.bets.clear();
                let mut differences: Vec<_> = differences.into_values().flatten().collect();
                differences.sort();
                self.findings.of_betting("both", differences);
                return Ok(());
            }
            time::sleep(PAUSE.min(self.options.grace)).await;
        }
    }

    async fn look(&self, ids: &BTreeSet<BetId>) -> sqlx::Result<HashMap<BetId, Vec<Difference>>> {
        let ids: Vec<_> = ids.iter().copied().collect();
        let mut bets = Vec::new();
        for betting in self.books.bettings() {
            bets.extend(audit::bets(betting, &ids).await?);
        }
        let mut known = known(self.books, &ids).await?;
        let mut differences: HashMap<_, _> = bets
            .iter()
            .map(|bet| (bet.bet_id, compare(bet, &known.remove(&bet.bet_id).unwrap_or_default())))
            .collect();
        // What is left belongs to bets that are not there. A market may have been archived since they were.
        let markets: HashSet<_> = known.values().filter_map(market_of).collect();
        let markets: Vec<_> = markets.into_iter().collect();
        let archived = self.archived_in_betting(&markets).await?;
        known.retain(|_, known| market_of(known).is_none_or(|market| !archived.contains(&market)));
        differences.extend(known.into_iter().map(|(bet, known)| (bet, stray(bet, &known))));
        differences.retain(|_, differences| !differences.is_empty());
        Ok(differences)
    }
}

/// The market of what the ledger knows of a bet.
fn market_of(known: &Known) -> Option<MarketId> {
    let closing = known.closing.as_ref().map(|(_, moved)| moved);
    let result = known.result.as_ref().map(|(moved, _)| moved);
    let moved = known.stake.as_ref().or(closing).or(known.correction.as_ref()).or(result);
    moved.map(|moved| moved.market_id)
}
