//! The three databases of a private cluster, and the three roles that each reach only their own.

use anyhow::Context;
use loljoa_private_postgres::{SUPERUSER, Server, url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{data_dir::Secrets, system::Databases};

const ACCOUNT: &str = "account";
const LEAGUE_SCHEDULE: &str = "league_schedule";
const BETTING: &str = "betting";

/// Makes what is not there yet. Safe to repeat, also after a crash half-way.
///
/// # Errors
///
/// When the server refuses.
pub async fn prepare(server: &Server, secrets: &Secrets, cells: Cells) -> anyhow::Result<Databases> {
    let superuser = server.url(SUPERUSER, &secrets.postgres, "postgres");
    let options: PgConnectOptions = superuser.expose_secret().parse()?;
    // A statement that sets a password is logged by nobody: not here, and not by the server when it fails.
    let options = options.options([("log_min_error_statement", "panic")]).disable_statement_logging();
    let mut connection =
        PgConnection::connect_with(&options).await.context("PostgreSQL does not let us in")?;
    for own in ["postgres", "template1"] {
        close_to_others(&mut connection, own).await?;
    }
    for (name, password) in roles(secrets) {
        make_role(&mut connection, name, password).await?;
        for database in cells.databases(name) {
            make_database(&mut connection, &database, name).await?;
            close_to_others(&mut connection, &database).await?;
        }
    }
    connection.close().await?;
    Ok(at_port(server.port(), secrets, cells))
}

/// The databases of a server that runs.
#[must_use]
pub fn at_port(port: u16, secrets: &Secrets, cells: Cells) -> Databases {
    let own = |name: &'static str, password: &SecretString| -> Vec<_> {
        cells.databases(name).map(|database| url(port, name, password, &database)).collect()
    };
    let (mut account, mut betting) = (own(ACCOUNT, &secrets.account), own(BETTING, &secrets.betting));
    Databases {
        account: account.remove(0),
        league_schedule: url(port, LEAGUE_SCHEDULE, &secrets.league_schedule, LEAGUE_SCHEDULE),
        betting: betting.remove(0),
        further_account: account,
        further_betting: betting,
    }
}

/// How many cells account and betting have, each with a database of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Account's.
    pub account: u16,
    /// Betting's.
    pub betting: u16,
}

impl Default for Cells {
    fn default() -> Self {
        Self { account: 1, betting: 1 }
    }
}

impl Cells {
    /// How many there are of a server that runs, by the databases that are there.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn of_server(server: &Server, secrets: &Secrets) -> anyhow::Result<Self> {
        let superuser = server.url(SUPERUSER, &secrets.postgres, "postgres");
        let mut connection = PgConnection::connect(superuser.expose_secret()).await?;
        let mut cells = Self::default();
        for (role, count) in [(ACCOUNT, &mut cells.account), (BETTING, &mut cells.betting)] {
            let databases =
                "SELECT count(*) FROM pg_database WHERE datname = $1 OR datname ~ ('^' || $1 || '_[0-9]+$')";
            let found: i64 = sqlx::query_scalar(databases).bind(role).fetch_one(&mut connection).await?;
            *count = u16::try_from(found)?.max(1);
        }
        connection.close().await?;
        Ok(cells)
    }

    /// The databases of a role: its own name for the first cell, and that with the cell's place for the others.
    fn databases(self, role: &'static str) -> impl Iterator<Item = String> {
        let cells = match role {
            ACCOUNT => self.account.max(1),
            BETTING => self.betting.max(1),
            _ => 1,
        };
        (0..cells).map(move |cell| if cell == 0 { role.to_owned() } else { format!("{role}_{cell}") })
    }
}

const fn roles(secrets: &Secrets) -> [(&'static str, &SecretString); 3] {
    [(ACCOUNT, &secrets.account), (LEAGUE_SCHEDULE, &secrets.league_schedule), (BETTING, &secrets.betting)]
}

async fn make_role(connection: &mut PgConnection, name: &str, password: &SecretString) -> sqlx::Result<()> {
    let known = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
    if sqlx::query_scalar(known).bind(name).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    // Names are constants and passwords letters and digits; CREATE takes no parameters.
    let create = format!("CREATE ROLE {name} LOGIN PASSWORD '{}'", password.expose_secret());
    sqlx::query(AssertSqlSafe(create)).execute(connection).await?;
    Ok(())
}

async fn make_database(connection: &mut PgConnection, name: &str, owner: &str) -> sqlx::Result<()> {
    let known = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    if sqlx::query_scalar(known).bind(name).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER {owner}"))).execute(connection).await?;
    Ok(())
}

async fn close_to_others(connection: &mut PgConnection, database: &str) -> sqlx::Result<()> {
    let revoke = format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC");
    sqlx::query(AssertSqlSafe(revoke)).execute(connection).await?;
    Ok(())
}
