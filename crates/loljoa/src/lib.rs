//! LOL.JOA on one machine: the launcher, its private database, and the tools of a person who runs it.

pub mod audit;
mod backoff;
pub mod cli;
pub mod console;
pub mod data_dir;
pub mod databases;
pub mod demo;
pub mod floor;
pub mod periods;
pub mod progress;
pub mod reconcile;
pub mod signals;
pub mod system;
