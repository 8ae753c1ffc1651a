//! Autoscalers' floors follow the league's calendar: raised before a match starts, lowered afterwards.

mod autoscaler;
mod decide;

pub use autoscaler::{Api, Autoscaler, Error};
pub use decide::{Keep, Match, State, Window};
