//! Where the teams of a tournament stand.

use std::collections::{BTreeSet, HashMap, HashSet};

use loljoa_service_kit::TournamentId;
use sqlx::PgConnection;

use crate::{
    domain::{
        Match, Team, Tournament,
        season::Course,
        standings::{Played, StageStandings},
    },
    service::directory::Directory,
    store,
};

/// What would be different, for a look ahead; by default nothing is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overlay<'a> {
    /// Stages that would be said.
    pub courses: &'a [Course],
    /// Matches as they would be.
    pub matches: &'a [Match],
}

/// Where the teams of a tournament stand, stage by stage.
///
/// # Errors
///
/// When the database does not answer.
pub async fn of(
    db: &mut PgConnection,
    id: TournamentId,
) -> Result<(Vec<StageStandings>, Directory), sqlx::Error> {
    let played = played(db, id, Overlay::default()).await?;
    let stages = tables(db, &played, Overlay::default()).await?;
    let directory = Directory::of(db, &played.matches).await?;
    let directory = directory.with(expected(db, id, &stages).await?);
    Ok((stages, directory))
}

/// Teams that stand in these tables of a tournament, as it calls them; some may not have a match yet.
///
/// # Errors
///
/// When the database does not answer.
pub async fn expected(
    db: &mut PgConnection,
    id: TournamentId,
    stages: &[StageStandings],
) -> Result<Vec<(TournamentId, Team)>, sqlx::Error> {
    let lines = stages.iter().flat_map(|stage| &stage.tables).flat_map(|table| &table.lines);
    let teams: BTreeSet<_> = lines.map(|line| (id, line.team_id)).collect();
    store::names::of(db, &teams.into_iter().collect::<Vec<_>>()).await
}

/// The tables of a tournament, with what it carries from others.
///
/// # Errors
///
/// When the database does not answer.
pub async fn tables(
    db: &mut PgConnection,
    of: &Played,
    overlay: Overlay<'_>,
) -> Result<Vec<StageStandings>, sqlx::Error> {
    let carried: BTreeSet<String> = of.carried_tournaments().map(str::to_owned).collect();
    let mut others = HashMap::new();
    for name in carried {
        let other = played(db, Tournament::id_of(&name), overlay).await?;
        others.insert(name, other);
    }
    Ok(of.standings(&others))
}

/// A tournament with its stages and matches.
///
/// # Errors
///
/// When the database does not answer.
pub async fn played(
    db: &mut PgConnection,
    id: TournamentId,
    overlay: Overlay<'_>,
) -> Result<Played, sqlx::Error> {
    let course = overlay.courses.iter().find(|course| Tournament::id_of(&course.tournament) == id);
    let stages = match course {
        Some(course) => course.stages.clone(),
        None => store::tournaments::stages(db, id).await?,
    };
    let mut matches = store::matches::of_tournament(db, id).await?;
    let changed: Vec<_> = overlay.matches.iter().filter(|m| m.tournament_id == id).collect();
    if !changed.is_empty() {
        let ids: HashSet<_> = changed.iter().map(|m| m.match_id).collect();
        matches.retain(|m| !ids.contains(&m.match_id));
        matches.extend(changed.into_iter().filter(|m| !m.removed).cloned());
        matches.sort_by_key(|m| (m.starts_at, m.match_id));
    }
    Ok(Played::new(stages, matches))
}
