//! What administrators decide about one match.

use chrono::{DateTime, SecondsFormat, Utc};
use loljoa_service_kit::{Error, MatchId, admin_log::Action, identity::Identity, postgres};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    domain::{Match, Refusal, decision::Outcome},
    error, store,
};

/// A change of one match that is not its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Another start.
    Move(DateTime<Utc>),
    /// It will not be played.
    Cancel,
}

/// Lets `outcome` stand as the result. The same result again changes nothing.
///
/// # Errors
///
/// `match_unknown`, or why the outcome cannot stand.
pub async fn record_result(
    pool: &PgPool,
    id: MatchId,
    outcome: Outcome,
    by: &Identity,
) -> Result<Match, Error> {
    decide(pool, id, (by, "record_result"), |present, _| present.decided(outcome)).await
}

/// Moves or cancels a match. What holds already changes nothing.
///
/// # Errors
///
/// `match_unknown`, or why the match cannot be changed so.
pub async fn update(pool: &PgPool, id: MatchId, update: Update, by: &Identity) -> Result<Match, Error> {
    let name = match update {
        Update::Move(_) => "move_match",
        Update::Cancel => "cancel_match",
    };
    decide(pool, id, (by, name), |present, now| match update {
        Update::Move(starts_at) => present.moved(starts_at, now),
        Update::Cancel => present.cancelled(),
    })
    .await
}

async fn decide(
    pool: &PgPool,
    id: MatchId,
    (admin, name): (&Identity, &'static str),
    decision: impl Fn(&Match, DateTime<Utc>) -> Result<Match, Refusal>,
) -> Result<Match, Error> {
    let mut transaction = postgres::begin(pool).await?;
    let locked = store::matches::lock(&mut transaction, &[id]).await?;
    let present = locked.into_iter().find(|m| !m.removed).ok_or_else(error::match_unknown)?;
    let now = store::now(&mut transaction).await?;
    let next = decision(&present, now)?.by_hand_since(&present);
    if next == present {
        return Ok(present);
    }
    store::matches::put(&mut transaction, &next).await?;
    let stored = store::matches::get(&mut transaction, id).await?.ok_or_else(error::match_unknown)?;
    let (subject, before, after) = (Some(id.into()), shown(&present), shown(&stored));
    Action { admin, name, subject, before, after, why: None }.write(&mut transaction).await?;
    transaction.commit().await?;
    tracing::info!(
        event = "match.decided",
        match_id = %id, state = ?stored.state, revision = stored.revision, "a match was decided by hand"
    );
    Ok(stored)
}

/// What of a match is written down when an admin changes it.
pub(super) fn shown(of: &Match) -> Value {
    json!({
        "state": of.state.as_str(),
        "startsAt": of.starts_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        "team1Wins": of.team1_wins,
        "team2Wins": of.team2_wins,
        "forfeitedById": of.forfeited_by_id,
        "revision": of.revision,
    })
}
