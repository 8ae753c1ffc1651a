//! Keeps the questions about stages as the matches have them.
//!
//! Following the matches only marks tournaments, in the commit that moves the position, so no change is lost; each marked tournament
//! is then looked at in a transaction of its own. Any number of replicas may do both.

use std::{collections::BTreeSet, time::Duration};

use loljoa_service_kit::{TournamentId, postgres};
use sqlx::{PgConnection, PgPool};
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        Match, Question,
        questions::{questions, renewed},
    },
    service::standings::{self, Overlay},
    store::{self, feed::Revised, followed},
};

/// How late a question may follow its matches.
const EVERY: Duration = Duration::from_secs(2);
/// How often questions are looked at that time alone may end. Seconds.
const LOOK_EVERY: f64 = 60.0;
/// Revisions of matches that are read at once.
const PAGE: i64 = 1_000;

/// Follows the matches until `closing`.
pub async fn run(pool: PgPool, closing: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        match closing.run_until_cancelled(tick(&pool)).await {
            Some(Ok(written)) if written > 0 => {
                tracing::info!(event = "questions.changed", questions = written, "questions have changed");
            }
            Some(Err(error)) => tracing::warn!(
                event = "questions.not_renewed",
                %error, "questions could not be renewed"
            ),
            _ => {}
        }
    }
}

async fn tick(pool: &PgPool) -> Result<usize, sqlx::Error> {
    while follow(pool).await? {}
    let mut written = 0;
    while let Some(changed) = renew(pool).await? {
        written += changed;
    }
    Ok(written)
}

/// Marks the tournaments whose matches have changed; answers whether there may be more. A transaction that writes holds up all
/// readers of the feeds, so one begins only when there is something to do.
async fn follow(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let is_behind = followed::is_behind(&mut *pool.acquire().await?, LOOK_EVERY).await?;
    if !is_behind {
        return Ok(false);
    }
    let mut transaction = postgres::begin(pool).await?;
    let db = &mut *transaction;
    let Some(position) = followed::lock(db).await? else { return Ok(false) };
    let (matches, next) = Match::after(db, position, PAGE).await?;
    let tournaments: BTreeSet<TournamentId> = matches.iter().map(|m| m.tournament_id).collect();
    followed::mark(db, &tournaments.into_iter().collect::<Vec<_>>()).await?;
    followed::mark_open(db, LOOK_EVERY).await?;
    followed::go_on(db, next).await?;
    transaction.commit().await?;
    Ok(i64::try_from(matches.len()).is_ok_and(|read| read == PAGE))
}

/// Brings the questions of a marked tournament up to date; answers how many have changed, or `None` when no tournament is marked.
async fn renew(pool: &PgPool) -> Result<Option<usize>, sqlx::Error> {
    if !followed::any_marked(&mut *pool.acquire().await?).await? {
        return Ok(None);
    }
    let mut transaction = postgres::begin(pool).await?;
    let db = &mut *transaction;
    let Some(id) = followed::take_marked(db).await? else { return Ok(None) };
    let mut changed = 0;
    for question in changes(db, id, Overlay::default()).await? {
        changed += usize::from(store::questions::put(db, &question).await?);
    }
    transaction.commit().await?;
    Ok(Some(changed))
}

/// Questions that would be others with this overlay, about stages of these tournaments and of those whose tables count results of theirs.
///
/// # Errors
///
/// When the database does not answer.
pub async fn ahead(
    db: &mut PgConnection,
    of: &[TournamentId],
    overlay: Overlay<'_>,
) -> Result<Vec<Question>, sqlx::Error> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let mut tournaments: BTreeSet<TournamentId> = of.iter().copied().collect();
    tournaments.extend(followed::counting(db, of).await?);
    let mut found = Vec::new();
    for id in tournaments {
        found.extend(changes(db, id, overlay).await?);
    }
    Ok(found)
}

/// The questions about a tournament that are not as its matches say.
async fn changes(
    db: &mut PgConnection,
    id: TournamentId,
    overlay: Overlay<'_>,
) -> Result<Vec<Question>, sqlx::Error> {
    let played = standings::played(db, id, overlay).await?;
    let tables = standings::tables(db, &played, overlay).await?;
    let now = store::now(db).await?;
    let known = store::questions::list(db, Some(id)).await?;
    Ok(renewed(&known, questions(id, &played, &tables, now)))
}
