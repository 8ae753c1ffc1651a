//! Records bets whose stakes are taken, and says what became of them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use loljoa_service_kit::{
    BetId, Error, MarketId,
    postgres::{self, Kept},
};
use sqlx::PgPool;

use super::{Answer, answer, apart::Work, market_locked};
use crate::{
    domain::{Bet, Market, NewBet, bet::Fingerprint},
    service::{MarketCache, Wakers, accepted::Accepted, millis},
    store,
};

/// A request: the same bet may be asked for more than once in a batch, and the same id with another request.
pub(super) type Request = (BetId, Fingerprint);

/// What was asked for, the bet that is there, and whether it is new.
pub(super) type Recorded = (NewBet, (Bet, bool));

/// What tells a bet from another request.
pub(super) const fn request(bet: &NewBet) -> Request {
    (bet.bet_id, bet.fingerprint)
}

/// Records bets. Cheap to clone.
#[derive(Clone)]
pub(super) struct Recorder {
    pub(super) pool: PgPool,
    /// Those in which bets are recorded, and their markets read.
    pub(super) connections: Arc<Kept>,
    pub(super) markets: MarketCache,
    pub(super) wakers: Wakers,
    pub(super) accepted: Accepted,
    /// How long a transaction waits for a row.
    pub(super) patience: Duration,
}

impl Work for Recorder {
    type Item = NewBet;
    type Done = (Bet, bool);

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn market(bet: &NewBet) -> MarketId {
        bet.market_id
    }

    /// Each bet in its present state, and whether it is new.
    async fn attempt(&self, bets: &[NewBet]) -> Result<Vec<(Bet, bool)>, sqlx::Error> {
        let patience_ms = millis(self.patience);
        let record = || async {
            let mut connection = self.connections.take().await?;
            let statement = store::bets::record(&mut connection, bets, patience_ms);
            let recorded = postgres::traced(&self.pool, "SELECT record_bets", statement).await?;
            self.connections.keep(connection);
            Ok(recorded)
        };
        let recorded = postgres::repeating(record).await?;
        let stands = |(bet, fresh): &&(Bet, bool)| *fresh && bet.tombstone.is_none();
        self.accepted.count(recorded.iter().filter(stands).count());
        if recorded.iter().any(|(bet, fresh)| *fresh && bet.tombstone.is_some()) {
            self.wakers.owed.ring();
        }
        Ok(recorded)
    }
}

/// Records bets whose stakes were taken just now. Nearly always all of them are new and stand: they are recorded at once,
/// and looked at one by one only where they are not.
pub(super) struct AllNew<'a>(pub(super) &'a Recorder);

impl Work for AllNew<'_> {
    type Item = NewBet;
    type Done = (Bet, bool);

    fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    fn market(bet: &NewBet) -> MarketId {
        bet.market_id
    }

    async fn attempt(&self, bets: &[NewBet]) -> Result<Vec<(Bet, bool)>, sqlx::Error> {
        let patience_ms = millis(self.0.patience);
        let record = || async {
            let mut connection = self.0.connections.take().await?;
            let statement = store::new_bets::record(&mut connection, bets, patience_ms);
            let recorded = postgres::traced(&self.0.pool, "SELECT record_new_bets", statement).await?;
            self.0.connections.keep(connection);
            Ok(recorded)
        };
        match postgres::repeating(record).await? {
            Some(recorded) => {
                self.0.accepted.count(recorded.len());
                Ok(recorded.into_iter().map(|bet| (bet, true)).collect())
            }
            None => self.0.attempt(bets).await,
        }
    }
}

impl Recorder {
    /// Bets whose stakes were taken before, as they are now, and those that are not there: what took their stakes has not come
    /// so far.
    pub(super) async fn known(&self, asked: Vec<NewBet>) -> Result<(Vec<Recorded>, Vec<NewBet>), Error> {
        if asked.is_empty() {
            return Ok((Vec::new(), asked));
        }
        let found = self.found(asked.iter().map(|bet| bet.bet_id)).await?;
        let (mut there, mut missing) = (Vec::with_capacity(found.len()), Vec::new());
        for asked in asked {
            match found.get(&asked.bet_id) {
                Some(bet) => there.push((asked, (bet.clone(), false))),
                None => missing.push(asked),
            }
        }
        Ok((there, missing))
    }

    /// What recorded bets mean to those who asked for them.
    pub(super) async fn answers(&self, recorded: Vec<Recorded>) -> Result<HashMap<Request, Answer>, Error> {
        let markets = self.markets_of(recorded.iter().map(|(_, (bet, _))| bet)).await?;
        let pair = |(asked, (bet, fresh)): Recorded| {
            let market = markets.get(&bet.market_id).cloned();
            (request(&asked), answer(bet, asked.fingerprint, !fresh, market))
        };
        Ok(recorded.into_iter().map(pair).collect())
    }

    /// What became of bets whose stakes were given back before they came.
    pub(super) async fn fates(&self, revoked: &[Request]) -> Result<HashMap<Request, Answer>, Error> {
        if revoked.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.found(revoked.iter().map(|(id, _)| *id)).await?;
        let markets = self.markets_of(found.values()).await?;
        let fate = |request: &Request| {
            let known = |bet: Bet| {
                let market = markets.get(&bet.market_id).cloned();
                answer(bet, request.1, true, market)
            };
            (*request, found.get(&request.0).cloned().map_or_else(|| Err(market_locked()), known))
        };
        Ok(revoked.iter().map(fate).collect())
    }

    /// Those of these bets that are there.
    async fn found(&self, ids: impl Iterator<Item = BetId>) -> Result<HashMap<BetId, Bet>, Error> {
        let ids: Vec<_> = ids.collect();
        let statement = store::bets::by_ids(&self.pool, &ids);
        let found = postgres::traced(&self.pool, "SELECT bets", statement).await?;
        Ok(found.into_iter().map(|bet| (bet.bet_id, bet)).collect())
    }

    /// The markets of `bets` as they are now.
    async fn markets_of<'a>(
        &self,
        bets: impl Iterator<Item = &'a Bet>,
    ) -> Result<HashMap<MarketId, Arc<Market>>, Error> {
        let ids: HashSet<_> = bets.map(|bet| bet.market_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut connection = self.connections.take().await?;
        let statement = self.markets.read(&mut *connection, &ids);
        let markets = postgres::traced(&self.pool, "SELECT markets", statement).await?;
        self.connections.keep(connection);
        Ok(markets)
    }
}
