//! The two commits of a bet as a model, small enough to look at every order in which things can happen.
//!
//! Two bets of one account, two replicas of betting, the ledger's database and betting's, and a network between them that
//! delays, repeats and loses. A replica may crash between any two steps. Meanwhile the market locks, opens again, locks earlier than it said,
//! settles or is voided, and clients repeat themselves, contradict themselves and cancel. [`promises`] are checked in every state
//! that can be reached; [`world::Defect`] breaks the rules that keep them, one at a time, and [`search`] has to find each.
//!
//! What is one step here is one commit there: [`ledger`] has those of account's database (`apply_transfers`), [`betting`] those of
//! betting's (`record_bets`, `tombstone_stakes`, `withdraw_bets`, `close_chunk`). [`steps`] says which step can come next.
//!
//! Amounts are a few points: rounding is no matter of order, and has property tests of its own.

pub mod betting;
pub mod ledger;
pub mod promises;
pub mod search;
pub mod state;
pub mod steps;
pub mod world;
pub mod worlds;

pub use world::{Defect, World};
