//! The gRPC services, over the parts of [`crate::service`].

mod betting;
mod market_admin;
mod message;

pub(crate) use betting::Betting;
pub(crate) use market_admin::MarketAdmin;
