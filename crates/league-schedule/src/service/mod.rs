//! What the service does, one transaction at a time: the domain decides, the store reads and writes.

pub mod changes;
pub mod decide;
pub mod directory;
pub mod import;
pub mod questions;
pub mod remove;
pub mod standings;
pub mod start;
pub mod suspects;
pub mod teams;
