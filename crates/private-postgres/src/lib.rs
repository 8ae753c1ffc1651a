//! PostgreSQL clusters of one's own: made in a directory, started, stopped, never the system's.
//!
//! The launcher keeps its data in one; tests and `cargo sqlx prepare` get one that is gone afterwards. It stands apart
//! from the services, because their queries are checked against a database that this crate starts.

mod cluster;
mod disk;
mod error;
mod installation;
mod orphan;
mod pooler;
mod port;
mod run;
mod server;
mod server_user;
mod temporary;

pub use cluster::{Cluster, Lifetime, SUPERUSER};
pub use error::Error;
pub use installation::Installation;
pub use pooler::Pooler;
pub use port::free_port;
pub use run::run;
pub use server::{Server, url};
pub use server_user::ServerUser;
pub use temporary::TemporaryServer;
