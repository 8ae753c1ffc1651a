//! What there is at one moment: two databases, the memory of replicas, what is on the network, and what clients were told.

use std::collections::BTreeSet;

use crate::world::{BETS, Budget, Points, REPLICAS, World};

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Account's database.
    pub ledger: Ledger,
    /// Betting's database.
    pub betting: Betting,
    /// What each replica of betting has in its memory.
    pub tasks: [Task; REPLICAS],
    /// What is on its way to the ledger, or lost.
    pub network: BTreeSet<Message>,
    /// The database's clock.
    pub now: u8,
    /// What clients were told of each bet.
    pub told: [Told; BETS],
    /// What may still happen.
    pub left: Budget,
}

/// Account's database, as far as it is about these bets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// The account's points.
    pub balance: Points,
    /// The points of the market's pool.
    pub pool: Points,
    /// The stake of each bet.
    pub stakes: [Stake; BETS],
    /// The one closing transfer of each bet: what it gave.
    pub closings: [Option<Points>; BETS],
    /// How often each stake was taken, and given something back: no part of the database, but of what is promised about it.
    pub moved: [(u8, u8); BETS],
    /// The outcome that each stake was taken for at first: the same.
    pub first: [Option<u8>; BETS],
}

/// A stake in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stake {
    /// It has not come.
    Unseen,
    /// It was taken, for this outcome.
    Taken(u8),
    /// Its refund came first; it is refused for good.
    Barred,
}

/// Betting's database, as far as it is about these bets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Betting {
    /// The bets.
    pub bets: [Option<Bet>; BETS],
    /// What is owed for each bet until the ledger has acknowledged it.
    pub owed: [Option<Points>; BETS],
    /// The stakes on each outcome.
    pub totals: [Points; 2],
    /// The market's state.
    pub market: Market,
    /// From then on there are no bets.
    pub lock_at: u8,
    /// What came since the first and before the second is late, where a lock has moved earlier.
    pub late: Option<(u8, Option<u8>)>,
    /// The outcome that came of it.
    pub decided: Option<u8>,
    /// Pool and stakes on the winner, once they are fixed.
    pub frozen: Option<(Points, Points)>,
    /// How often the market has become final: no part of the database, but of what is promised about it.
    pub ends: u8,
}

/// A market's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Market {
    /// It takes bets until its lock.
    Open,
    /// It takes none, and may still open again.
    Locked,
    /// Its division is fixed, and bets are being closed.
    Settling,
    /// Every stake is being given back.
    Voiding,
    /// All is paid.
    Settled,
    /// All is given back.
    Void,
}

/// A bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bet {
    /// Its outcome.
    pub outcome: u8,
    /// Its state.
    pub state: Standing,
    /// When it was recorded, by the database's clock.
    pub at: u8,
    /// Whether a lock has been at or before that since: no part of the database, but of what is promised about it.
    pub is_doomed: bool,
}

/// A bet's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It stands.
    Accepted,
    /// It was refused after its stake was taken.
    Tombstone,
    /// Its bettor took it back.
    Cancelled,
    /// It was late.
    Withdrawn,
    /// It has won.
    Won,
    /// It has lost.
    Lost,
    /// Its market is void.
    Void,
}

/// What a replica has in its memory. A crash takes it.
#[expect(missing_docs, reason = "which bet, which outcome, which replica")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Nothing.
    Idle,
    /// It has asked the ledger for a stake.
    Asking { bet: u8, outcome: u8 },
    /// It was told that the stake is taken, and has not recorded the bet.
    Debited { bet: u8, outcome: u8 },
    /// The same, and it believes to know whether the market takes bets ([`crate::Defect::ReadsClockFirst`]).
    Decided { bet: u8, outcome: u8, is_open: bool },
    /// It has seen a stake without a bet, and has written no tombstone.
    Recovering { bet: u8 },
}

/// A call that is on its way to the ledger.
#[expect(missing_docs, reason = "which bet, which outcome, which replica")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Take a stake.
    Stake { bet: u8, outcome: u8 },
    /// Give something back.
    Close { bet: u8, points: Points },
}

/// What a client was told of a bet, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// It stands, on this outcome.
    Accepted(u8),
    /// It was refused after the debit.
    Refused,
}

impl State {
    /// Before anybody has asked for anything.
    #[must_use]
    pub fn first(world: &World) -> Self {
        Self {
            ledger: Ledger {
                balance: world.points,
                pool: 0,
                stakes: [Stake::Unseen; BETS],
                closings: [None; BETS],
                moved: [(0, 0); BETS],
                first: [None; BETS],
            },
            betting: Betting {
                bets: [None; BETS],
                owed: [None; BETS],
                totals: [0; 2],
                market: Market::Open,
                lock_at: 2,
                late: None,
                decided: None,
                frozen: None,
                ends: 0,
            },
            tasks: [Task::Idle; REPLICAS],
            network: BTreeSet::new(),
            now: 1,
            told: [Told::Nothing; BETS],
            left: world.budget.clone(),
        }
    }
}
