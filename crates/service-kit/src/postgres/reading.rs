//! Connections for whoever only reads.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, PgPool, Postgres, Transaction, pool::PoolConnection};

use super::{begin_with, in_time};

/// A connection to read from. Dropped, it goes back to its pool.
#[derive(Debug)]
pub struct Reading(Inner);

#[derive(Debug)]
enum Inner {
    Plain(PoolConnection<Postgres>),
    /// A transaction that carries the bound on its statements, and refuses to write.
    Bounded(Transaction<'static, Postgres>),
}

/// A connection to read from, for the present [`Caller`](crate::Caller): it is waited for as long as the caller waits. Where
/// the caller gives up so soon that the server's own bounds would come later, its statements are bounded, too, which costs two
/// round trips.
///
/// # Errors
///
/// When no connection is free in time, the database does not answer, or nobody waits any more.
pub async fn reading(pool: &PgPool) -> sqlx::Result<Reading> {
    let inner = if in_time::is_hasty(pool)? {
        Inner::Bounded(begin_with(pool, "BEGIN READ ONLY").await?)
    } else {
        Inner::Plain(in_time::connection(pool).await?)
    };
    Ok(Reading(inner))
}

impl Deref for Reading {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.0 {
            Inner::Plain(connection) => connection,
            Inner::Bounded(transaction) => transaction,
        }
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.0 {
            Inner::Plain(connection) => connection,
            Inner::Bounded(transaction) => transaction,
        }
    }
}
