//! What an audit finds.

/// Two things that should be equal and are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What was compared, such as `market_pool`.
    pub check: String,
    /// Of which market, outcome or bet.
    pub subject: String,
    /// What follows from the bets.
    pub expected: String,
    /// What is stored instead.
    pub found: String,
}
