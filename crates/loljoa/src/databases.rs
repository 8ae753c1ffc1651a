//! The three databases of a private cluster, and the three roles that each reach only their own.

use anyhow::Context;
use loljoa_private_postgres::{SUPERUSER, Server, url};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{data_dir::Secrets, system::Databases};

const ACCOUNT: &str = "account";
const LEAGUE_SCHEDULE: &str = "league_schedule";
const BETTING: &str = "betting";

/// Makes what is not there yet. Safe to repeat, also after a crash half-way.
///
/// # Errors
///
/// When the server refuses.
pub async fn prepare(server: &Server, secrets: &Secrets) -> anyhow::Result<Databases> {
    let superuser = server.url(SUPERUSER, &secrets.postgres, "postgres");
    let options: PgConnectOptions = superuser.expose_secret().parse()?;
    // A statement that fails would be logged, and with it the password that it sets.
    let options = options.options([("log_min_error_statement", "panic")]);
    let mut connection =
        PgConnection::connect_with(&options).await.context("PostgreSQL does not let us in")?;
    for own in ["postgres", "template1"] {
        close_to_others(&mut connection, own).await?;
    }
    for (name, password) in roles(secrets) {
        make_role(&mut connection, name, password).await?;
        make_database(&mut connection, name).await?;
        close_to_others(&mut connection, name).await?;
    }
    connection.close().await?;
    Ok(at_port(server.port(), secrets))
}

/// The databases of a server that runs.
#[must_use]
pub fn at_port(port: u16, secrets: &Secrets) -> Databases {
    let own = |name: &str, password: &SecretString| url(port, name, password, name);
    Databases {
        account: own(ACCOUNT, &secrets.account),
        league_schedule: own(LEAGUE_SCHEDULE, &secrets.league_schedule),
        betting: own(BETTING, &secrets.betting),
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

async fn make_database(connection: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let known = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    if sqlx::query_scalar(known).bind(name).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER {name}"))).execute(connection).await?;
    Ok(())
}

async fn close_to_others(connection: &mut PgConnection, database: &str) -> sqlx::Result<()> {
    let revoke = format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC");
    sqlx::query(AssertSqlSafe(revoke)).execute(connection).await?;
    Ok(())
}
