//! What a league is made of and how it changes. Pure: no database, no clock, no network.

mod clubs;
pub mod decision;
pub mod import;
mod matches;
pub mod observation;
pub mod questions;
mod removal;
pub mod replay;
mod score;
pub mod season;
pub mod stage;
pub mod standings;
pub mod suspects;
mod team;
pub mod time;

pub use clubs::{Clubs, Renaming};
pub use decision::Refusal;
pub use matches::{Match, MatchState};
pub use questions::{Question, QuestionKind, QuestionState};
pub use score::{BestOf, Misfit, Score, Side};
pub use team::{SourceKind, Team, Tournament};
