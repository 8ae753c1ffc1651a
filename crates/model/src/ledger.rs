//! The commits of account's database.

use crate::{
    state::{Ledger, Stake},
    world::{Defect, Points, World},
};

/// What the ledger says of a stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is taken, now or before.
    Taken,
    /// The same key was used for another request.
    Conflict,
    /// There are too few points, or it is refused for good.
    Refused,
}

impl Ledger {
    /// Takes a stake, once.
    pub fn take(&mut self, world: &World, bet: usize, outcome: u8) -> Answer {
        let stake = world.stakes[bet];
        match self.stakes[bet] {
            Stake::Barred => Answer::Refused,
            Stake::Taken(_) if world.has(Defect::TakesTwice) => {
                self.moved[bet].0 += 1;
                self.balance -= stake;
                self.pool += stake;
                Answer::Taken
            }
            Stake::Taken(before) if before == outcome || world.has(Defect::ForgetsFingerprint) => {
                Answer::Taken
            }
            Stake::Taken(_) if world.has(Defect::RewritesStake) => {
                self.stakes[bet] = Stake::Taken(outcome);
                Answer::Taken
            }
            Stake::Taken(_) => Answer::Conflict,
            Stake::Unseen if self.balance < stake && !world.has(Defect::Overdraws) => Answer::Refused,
            Stake::Unseen => {
                self.stakes[bet] = Stake::Taken(outcome);
                self.first[bet] = Some(outcome);
                self.moved[bet].0 += 1;
                if !world.has(Defect::WritesOneSide) {
                    self.balance -= stake;
                }
                self.pool += stake;
                Answer::Taken
            }
        }
    }

    /// Gives back what a bet is owed, once. A stake that was not seen is refused from then on.
    pub fn close(&mut self, world: &World, bet: usize, points: Points) {
        if self.stakes[bet] == Stake::Unseen {
            if !world.has(Defect::PlantsNoMarker) {
                self.stakes[bet] = Stake::Barred;
            }
            return;
        }
        let is_closed = self.closings[bet].is_some() && !world.has(Defect::ClosesTwice);
        if is_closed || self.stakes[bet] == Stake::Barred {
            return;
        }
        self.closings[bet] = Some(points);
        self.moved[bet].1 += 1;
        self.pool -= points;
        self.balance += points;
    }

    /// Is as if a stake had never come.
    pub fn forget(&mut self, world: &World, bet: usize) {
        self.stakes[bet] = Stake::Unseen;
        self.first[bet] = None;
        self.moved[bet].0 -= 1;
        self.balance += world.stakes[bet];
        self.pool -= world.stakes[bet];
    }
}
