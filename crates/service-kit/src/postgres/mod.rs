//! The service's own PostgreSQL: bounded pools, transactions that nobody's hanging up can leave open, statements that end when
//! their caller's time does, migrations that are safe with many replicas, retries, spans.

mod begin;
mod capacity;
mod in_time;
mod kept;
mod limits;
mod lost;
mod migrate;
mod passing;
mod patience;
mod pool;
mod pooler;
mod prepared;
mod reading;
mod session;
mod traced;
mod waits;

pub use begin::{begin, begin_with};
pub(crate) use capacity::Capacity;
pub use kept::{InUse, Kept};
pub(crate) use lost::found_again;
pub use lost::unless_lost;
pub use migrate::{migrate, newest};
pub(crate) use passing::is_passing;
pub use patience::{bounded, bounded_by, repeating, retrying};
pub use pool::{Pools, pool, session_pool};
pub(crate) use pool::{distrust, note};
pub(crate) use pooler::{Pooler, Seen};
pub use reading::{Reading, reading};
pub(crate) use session::{explained, is_refused_for_tls, probe_options};
pub use traced::traced;
