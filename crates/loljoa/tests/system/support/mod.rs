//! What every story needs: databases and services of its own, clients, and ways to wait and to compare.

mod admin;
pub(crate) mod api;
mod app;
pub(crate) mod asked;
mod bettor;
mod checksums;
mod cup;
mod damage;
mod databases;
mod http;
mod locks;
mod poolers;
mod random_bettor;
mod sse;
mod wait;
pub(crate) mod witness;

pub(crate) use admin::Admin;
pub(crate) use app::{ADMIN_PASSWORD, App, SEALING_KEY};
pub(crate) use bettor::{Bettor, PASSWORD};
pub(crate) use checksums::Checksums;
pub(crate) use cup::{Cup, Game, fixture, season};
pub(crate) use damage::plant;
pub(crate) use databases::TestDatabases;
pub(crate) use http::{Http, Reply};
pub(crate) use locks::Held;
pub(crate) use poolers::Poolers;
pub(crate) use random_bettor::RandomBettor;
pub(crate) use sse::Events;
pub(crate) use wait::eventually;
