//! Where matches come from: a file, the live feed, or a replay, all behind one trait.

pub mod file;
pub mod live;
pub mod replay;
mod runner;

use std::time::Duration;

use async_trait::async_trait;

pub use runner::run;

/// Something that keeps matches up to date, one step at a time, on one replica at a time.
#[async_trait]
pub trait Source: Send {
    /// What to call it in logs and metrics.
    fn name(&self) -> &'static str;

    /// Brings matches up to date. Doing a step twice does no more than doing it once.
    async fn step(&mut self) -> Result<Next, Error>;
}

/// When to take the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// After this long.
    After(Duration),
    /// Never: there is no more to come.
    Done,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not answer, or refused something.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The feed did not answer as it should.
    #[error("the live feed failed: {0}")]
    Feed(#[from] live::client::Error),
    /// Trying again cannot help.
    #[error("{0}")]
    Unusable(String),
}
