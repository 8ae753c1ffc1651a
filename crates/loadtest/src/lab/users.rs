//! The users: signed up as anybody is, and then made rich.

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use http::HeaderValue;
use secrecy::SecretString;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::api::{Api, Session};
use crate::scenario::User;

/// More than any run stakes.
pub(crate) const POINTS: i64 = 1_000_000_000;
/// Fewer than account lets wait for a password's hash.
const AT_ONCE: usize = 32;
const AT_ONCE_FUNDED: usize = 500;

/// Signs `count` users up over the API, with real hashes of their passwords.
pub(super) async fn sign_up(api: &Api, count: usize, password: &str) -> anyhow::Result<Vec<User>> {
    let signing = (0..count).map(async |number| come_in(api, &format!("bettor{number}"), password).await);
    stream::iter(signing).buffered(AT_ONCE).try_collect().await
}

/// Signs one user up.
///
/// # Errors
///
/// When that is refused.
pub async fn come_in(api: &Api, username: &str, password: &str) -> anyhow::Result<User> {
    let session = api.sign_up(username, password).await?;
    let credentials = json!({ "username": username, "password": password });
    user(&session, credentials.to_string().into())
}

fn user(session: &Session, credentials: SecretString) -> anyhow::Result<User> {
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", session.access_token))?;
    authorization.set_sensitive(true);
    Ok(User { account_id: session.account.account_id, authorization, credentials })
}

/// Gives each user points, by transfers from the house like any other.
pub(super) async fn fund(account_database: &str, users: &[Uuid]) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(account_database).await?;
    for ids in users.chunks(AT_ONCE_FUNDED) {
        let applied: i64 = sqlx::query_scalar(
            "WITH funded AS (SELECT array_agg(gen_random_uuid()) AS ids, array_agg('signup_grant'::transfer_kind) AS kinds,
                array_agg(account_id ORDER BY account_id) AS accounts, array_agg(NULL::uuid) AS none,
                array_agg($2::bigint) AS points, array_agg('bench'::bytea) AS fingerprints
                FROM unnest($1::uuid[]) AS account_id)
            SELECT count(*) FROM funded,
                unnest(apply_transfers(ids, kinds, accounts, none, none, points, fingerprints, none, 0::smallint)) AS outcome
            WHERE outcome::text = 'applied'",
        )
        .bind(ids)
        .bind(POINTS)
        .fetch_one(&mut connection)
        .await
        .context("the users cannot be funded")?;
        anyhow::ensure!(usize::try_from(applied) == Ok(ids.len()), "only {applied} users could be funded");
    }
    connection.close().await?;
    Ok(())
}
