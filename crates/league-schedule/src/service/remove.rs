//! Removing matches that never were.

use loljoa_service_kit::{Error, MatchId, admin_log::Action, identity::Identity, postgres};
use sqlx::{PgConnection, PgPool};

use super::{decide::shown, questions, standings::Overlay};
use crate::{
    domain::{Match, Question},
    error, store,
};

/// Which match goes.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// The match that never was.
    pub match_id: MatchId,
    /// The match of which it is a double, if it is one.
    pub in_favour_of: Option<MatchId>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Removed {
    /// The match that went.
    pub gone: Match,
    /// The match that stays in its place.
    pub kept: Option<Match>,
    /// Of a dry run: questions about stages that would be others.
    pub questions: Vec<Question>,
}

/// Removes a match, and gives its result to the one that stays if that has none: in one commit, unless `dry_run`, which tells how the
/// matches would be. Removing a removed one changes nothing.
///
/// Whether points are staked on the match is not known here: the caller asks betting with what a dry run tells. A bet that is placed
/// between that look and the removal is not lost: the feed tells the match as cancelled, so its markets become void and every stake goes
/// back. If a market was even decided meanwhile, it stays so and an incident tells a person.
///
/// # Errors
///
/// `match_unknown`, or why the other match cannot stay in its place.
pub async fn remove(pool: &PgPool, removal: Removal, by: &Identity, dry_run: bool) -> Result<Removed, Error> {
    let mut transaction = postgres::begin(pool).await?;
    let ids: Vec<_> = [Some(removal.match_id), removal.in_favour_of].into_iter().flatten().collect();
    let locked = store::matches::lock(&mut transaction, &ids).await?;
    let find = |id| locked.iter().find(|m| m.match_id == id).ok_or_else(error::match_unknown);
    let goes = find(removal.match_id)?;
    let stays = removal.in_favour_of.map(find).transpose()?;
    if stays.is_some_and(|stays| stays.removed && stays.match_id != goes.match_id) {
        return Err(error::match_unknown());
    }
    let kept =
        stays.map(|stays| Ok::<_, Error>(stays.in_place_of(goes)?.by_hand_since(stays))).transpose()?;
    let gone = goes.taken_away();
    if dry_run {
        let matches: Vec<Match> = std::iter::once(&gone).chain(&kept).cloned().collect();
        let overlay = Overlay { matches: &matches, ..Overlay::default() };
        let questions = questions::ahead(&mut transaction, &[gone.tournament_id], overlay).await?;
        return Ok(Removed { gone, kept, questions });
    }
    let gone = write(&mut transaction, (goes, gone), (by, "remove_match")).await?;
    let kept = match stays.zip(kept) {
        Some(change) => Some(write(&mut transaction, change, (by, "record_result")).await?),
        None => None,
    };
    transaction.commit().await?;
    tracing::info!(
        event = "match.removed",
        match_id = %gone.match_id, revision = gone.revision, "a match was removed"
    );
    Ok(Removed { gone, kept, questions: Vec::new() })
}

/// Writes a change of a match, and that an admin made it; answers how it stands.
async fn write(
    db: &mut PgConnection,
    (present, next): (&Match, Match),
    (admin, name): (&Identity, &'static str),
) -> Result<Match, Error> {
    if next == *present {
        return Ok(next);
    }
    store::matches::put(db, &next).await?;
    let stored = store::matches::get(db, next.match_id).await?.ok_or_else(error::match_unknown)?;
    let (subject, before, after) = (Some(next.match_id.into()), shown(present), shown(&stored));
    Action { admin, name, subject, before, after, why: None }.write(db).await?;
    Ok(stored)
}
