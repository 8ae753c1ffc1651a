//! Where the teams of a tournament stand.

use std::collections::{BTreeSet, HashMap};

use loljoa_service_kit::TournamentId;
use sqlx::PgConnection;

use crate::{
    domain::{
        Match, Team, Tournament,
        import::Plan,
        standings::{Played, StageStandings},
    },
    service::directory::Directory,
    store,
};

/// Where the teams of a tournament stand, stage by stage.
///
/// # Errors
///
/// When the database does not answer.
pub async fn of(
    db: &mut PgConnection,
    id: TournamentId,
) -> Result<(Vec<StageStandings>, Directory), sqlx::Error> {
    let played = played(db, id).await?;
    let stages = tables(db, &played).await?;
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
pub async fn tables(db: &mut PgConnection, of: &Played) -> Result<Vec<StageStandings>, sqlx::Error> {
    let carried: BTreeSet<String> = of.carried_tournaments().map(str::to_owned).collect();
    let mut others = HashMap::new();
    for name in carried {
        let other = played(db, Tournament::id_of(&name)).await?;
        others.insert(name, other);
    }
    Ok(of.standings(&others))
}

/// The tournament of this name as it would be once `plan` is carried out, and its tables.
///
/// # Errors
///
/// When the database does not answer.
pub async fn ahead(
    db: &mut PgConnection,
    name: &str,
    plan: &Plan,
) -> Result<(Played, Vec<StageStandings>), sqlx::Error> {
    let of = planned(db, name, plan).await?;
    let carried: BTreeSet<String> = of.carried_tournaments().map(str::to_owned).collect();
    let mut others = HashMap::new();
    for name in carried {
        let other = planned(db, &name, plan).await?;
        others.insert(name, other);
    }
    let tables = of.standings(&others);
    Ok((of, tables))
}

async fn planned(db: &mut PgConnection, name: &str, plan: &Plan) -> Result<Played, sqlx::Error> {
    let id = Tournament::id_of(name);
    let present = played(db, id).await?;
    let course = plan.courses.iter().find(|course| course.tournament == name);
    let stages = match course {
        Some(course) => course.stages.clone(),
        None => store::tournaments::stages(db, id).await?,
    };
    let changed = plan.matches.iter().filter(|m| m.tournament_id == id);
    let mut matches: HashMap<_, Match> = present.matches.into_iter().map(|m| (m.match_id, m)).collect();
    matches.extend(changed.map(|m| (m.match_id, m.clone())));
    let mut matches: Vec<Match> = matches.into_values().collect();
    matches.sort_by_key(|m| (m.starts_at, m.match_id));
    Ok(Played::new(stages, matches))
}

/// A tournament with its stages and matches.
///
/// # Errors
///
/// When the database does not answer.
pub async fn played(db: &mut PgConnection, id: TournamentId) -> Result<Played, sqlx::Error> {
    let stages = store::tournaments::stages(db, id).await?;
    Ok(Played::new(stages, store::matches::of_tournament(db, id).await?))
}
