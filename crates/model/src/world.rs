//! How large the world is, and what is broken in it.

/// Points.
pub type Points = i8;

/// The bets that there may be. Both are of one account.
pub const BETS: usize = 2;
/// The replicas of betting.
pub const REPLICAS: usize = 2;

/// One world: what clients want, and how much may go wrong.
#[derive(Clone, Debug)]
pub struct World {
    /// What the account has in the beginning.
    pub points: Points,
    /// What each bet stakes.
    pub stakes: [Points; BETS],
    /// The outcome of each bet: 0 or 1.
    pub outcomes: [u8; BETS],
    /// What may happen besides.
    pub budget: Budget,
    /// Whether an admin may void the market.
    pub voids: bool,
    /// What is broken, if anything is.
    pub defect: Option<Defect>,
}

/// What may happen, so that there is an end. A moment has what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Requests for each bet.
    pub attempts: [u8; BETS],
    /// Requests for the first bet's key with the other outcome.
    pub contradictions: u8,
    /// Cancels of the first bet.
    pub cancels: u8,
    /// Crashes.
    pub crashes: u8,
    /// Messages that arrive a second time.
    pub repetitions: u8,
    /// Moves of the match's start.
    pub moves: u8,
    /// Stakes that the ledger forgets.
    pub restores: u8,
}

impl World {
    /// Whether this is what is broken.
    #[must_use]
    pub fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// The same with something broken.
    #[must_use]
    pub fn with(self, defect: Defect) -> Self {
        Self { defect: Some(defect), ..self }
    }
}

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// The ledger adds a stake to the pool and takes it from nobody.
    WritesOneSide,
    /// The ledger writes a stake anew that comes again with another outcome.
    RewritesStake,
    /// The ledger takes more than there is.
    Overdraws,
    /// The ledger does not look at the fingerprint of a stake that comes again.
    ForgetsFingerprint,
    /// The ledger takes a stake again that comes again.
    TakesTwice,
    /// The ledger gives back again what it is told again.
    ClosesTwice,
    /// The ledger acknowledges the refund of a stake that it has not seen, and plants no marker.
    PlantsNoMarker,
    /// Betting answers as soon as the stake is taken.
    AnswersAtDebit,
    /// Betting refuses after the debit without a tombstone, and owes the refund all the same.
    BuriesNothing,
    /// A tombstone replaces a bet that is there.
    BuriesAlive,
    /// A bet replaces a tombstone that is there.
    Resurrects,
    /// Nobody looks for stakes without bets.
    RecoversNothing,
    /// What a cancel owes is sent, and not written down.
    OwesInMemory,
    /// Betting reads the clock before it holds the market.
    ReadsClockFirst,
    /// Bets that an earlier lock has made late stay.
    KeepsLateBets,
    /// The division is fixed before late bets are refunded.
    FreezesTooEarly,
    /// A bet may be cancelled after the lock.
    CancelsAfterLock,
    /// A market is settled on an outcome that nobody has bet on.
    KeepsThePool,
    /// A market is decided again.
    DecidesTwice,
    /// A market is final before everything that it owes is paid.
    FinishesUnpaid,
    /// A bet that is taken off the market stays in its totals.
    LeavesTotals,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::WritesOneSide,
        Self::RewritesStake,
        Self::Overdraws,
        Self::ForgetsFingerprint,
        Self::TakesTwice,
        Self::ClosesTwice,
        Self::PlantsNoMarker,
        Self::AnswersAtDebit,
        Self::BuriesNothing,
        Self::BuriesAlive,
        Self::Resurrects,
        Self::RecoversNothing,
        Self::OwesInMemory,
        Self::ReadsClockFirst,
        Self::KeepsLateBets,
        Self::FreezesTooEarly,
        Self::CancelsAfterLock,
        Self::KeepsThePool,
        Self::DecidesTwice,
        Self::FinishesUnpaid,
        Self::LeavesTotals,
    ];
}
