//! The commits of betting's database.

use crate::{
    state::{Bet, Betting, Market, Standing, Told},
    world::{BETS, Defect, Points, World},
};

impl Betting {
    /// Whether the market takes bets.
    #[must_use]
    pub fn is_open(&self, now: u8) -> bool {
        self.market == Market::Open && now < self.lock_at
    }

    /// Records a bet whose stake was taken, or buries it; one that is there stays as it is. Tells what the client is told.
    pub fn record(&mut self, world: &World, bet: usize, outcome: u8, now: u8, is_open: bool) -> Told {
        if let Some(there) = self.bets[bet]
            && !(there.state == Standing::Tombstone && is_open && world.has(Defect::Resurrects))
        {
            return told(there, outcome, world);
        }
        if is_open {
            self.bets[bet] = Some(Bet { outcome, state: Standing::Accepted, at: now, is_doomed: false });
            self.totals[usize::from(outcome)] += world.stakes[bet];
            return Told::Accepted(outcome);
        }
        if !world.has(Defect::BuriesNothing) {
            self.bets[bet] = Some(Bet { outcome, state: Standing::Tombstone, at: now, is_doomed: false });
        }
        self.owed[bet] = Some(world.stakes[bet]);
        Told::Refused
    }

    /// Buries a stake without a bet, unless the bet is there by now.
    pub fn bury(&mut self, world: &World, bet: usize, outcome: u8, now: u8) {
        match self.bets[bet] {
            Some(there) if world.has(Defect::BuriesAlive) && there.state == Standing::Accepted => {
                self.totals[usize::from(there.outcome)] -= world.stakes[bet];
            }
            Some(_) => return,
            None => {}
        }
        self.bets[bet] = Some(Bet { outcome, state: Standing::Tombstone, at: now, is_doomed: false });
        self.owed[bet] = Some(world.stakes[bet]);
    }

    /// Takes a bet off the market, as its bettor wishes.
    pub fn cancel(&mut self, world: &World, bet: usize) {
        self.take_off(world, bet, Standing::Cancelled);
        if world.has(Defect::OwesInMemory) {
            self.owed[bet] = None;
        }
    }

    /// Takes a bet off the market that an earlier lock has made late.
    pub fn withdraw(&mut self, world: &World, bet: usize) {
        self.take_off(world, bet, Standing::Withdrawn);
    }

    fn take_off(&mut self, world: &World, bet: usize, state: Standing) {
        let Some(there) = &mut self.bets[bet] else { return };
        there.state = state;
        if !world.has(Defect::LeavesTotals) {
            self.totals[usize::from(there.outcome)] -= world.stakes[bet];
        }
        self.owed[bet] = Some(world.stakes[bet]);
    }

    /// Whether a bet stands that has to go before anything is counted.
    #[must_use]
    pub fn is_late(&self, bet: usize) -> bool {
        let (Some(there), Some((from, until))) = (self.bets[bet], self.late) else { return false };
        there.state == Standing::Accepted && there.at >= from && until.is_none_or(|until| there.at < until)
    }

    /// The match starts at another time.
    pub fn move_lock(&mut self, to: u8, now: u8) {
        if to < self.lock_at {
            let from = self.late.map_or(to, |(from, _)| from.min(to));
            self.late = Some((from, None));
        }
        self.lock_at = to;
        for bet in self.bets.iter_mut().flatten() {
            bet.is_doomed |= bet.state == Standing::Accepted && bet.at >= to;
        }
        if now >= to {
            self.market = Market::Locked;
        } else if self.market == Market::Locked {
            self.market = Market::Open;
            self.late = self.late.map(|(from, until)| (from, until.or(Some(now))));
        }
    }

    /// Fixes the division, or that there is none.
    pub fn freeze(&mut self, world: &World, outcome: u8) {
        let won = self.totals[usize::from(outcome)];
        self.frozen = Some((self.totals.iter().sum(), won));
        let has_winner = won > 0 || world.has(Defect::KeepsThePool);
        self.market = if has_winner { Market::Settling } else { Market::Voiding };
    }

    /// Closes a bet that stands in a market whose end is fixed.
    pub fn close(&mut self, world: &World, bet: usize) {
        let (market, frozen, decided) = (self.market, self.frozen, self.decided);
        let stake = world.stakes[bet];
        let Some(there) = &mut self.bets[bet] else { return };
        let (end, owed) = match (market, frozen) {
            (Market::Settling, Some((pool, won))) if Some(there.outcome) == decided => {
                (Standing::Won, Some(share(pool, stake, won)))
            }
            (Market::Settling, _) => (Standing::Lost, None),
            _ => (Standing::Void, Some(stake)),
        };
        there.state = end;
        self.owed[bet] = owed;
    }

    /// Whether every bet is closed and everything paid.
    #[must_use]
    pub fn is_done(&self, world: &World) -> bool {
        let stands = |bet: &Option<Bet>| bet.is_some_and(|bet| bet.state == Standing::Accepted);
        let is_paid = (0..BETS).all(|bet| self.owed[bet].is_none()) || world.has(Defect::FinishesUnpaid);
        !self.bets.iter().any(stands) && is_paid
    }

    /// Makes the market final.
    pub fn finish(&mut self) {
        self.ends += 1;
        self.market = if self.market == Market::Settling { Market::Settled } else { Market::Void };
    }
}

/// What somebody is told who asks for a bet that is there.
fn told(there: Bet, outcome: u8, world: &World) -> Told {
    match there.state {
        Standing::Tombstone => Told::Refused,
        _ if there.outcome == outcome || world.has(Defect::ForgetsFingerprint) => Told::Accepted(outcome),
        // A conflict says nothing of the bet that is there.
        _ => Told::Nothing,
    }
}

/// One winner's part; with two bets nothing is ever left over.
const fn share(pool: Points, stake: Points, won: Points) -> Points {
    if won == 0 { 0 } else { pool * stake / won }
}
