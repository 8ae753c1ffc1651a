//! Bets that thousands hear of.

/// As many as a market has that thousands listen to: far from what wears anything out.
pub(super) const BETS_A_SECOND: f64 = 300.0;
