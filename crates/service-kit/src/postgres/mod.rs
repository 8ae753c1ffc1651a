//! The service's own PostgreSQL: bounded pools, transactions that nobody's hanging up can leave open, migrations that are
//! safe with many replicas, and retries.

mod begin;
mod migrate;
mod patience;
mod pool;
mod session;

pub use begin::{begin, begin_with};
pub use migrate::{migrate, newest};
pub use patience::{bounded, retrying};
pub use pool::{Pools, pool};
pub(crate) use pool::{distrust, note};
pub(crate) use session::probe_options;
