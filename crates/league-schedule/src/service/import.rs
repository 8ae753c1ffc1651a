//! Bringing season files in.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use loljoa_service_kit::{admin_log, identity::Identity, postgres};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

use crate::{
    domain::{
        Question, SourceKind, Tournament,
        import::{Action, Changed, Importer, Known, Plan, Report},
        season::Season,
        standings::StageStandings,
    },
    service::{
        directory::Directory,
        questions,
        standings::{self, Overlay},
    },
    store,
};

/// So many tournaments of a file are named in what is written down of it, and have their tables told.
const NAMED: usize = 20;
/// Matches this much earlier or later than the file's are looked at for what clashes.
const NEARBY: TimeDelta = TimeDelta::days(1);

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Line by line.
    pub report: Report,
    /// Whether the changes were made.
    pub applied: bool,
    /// Of a dry run without refused lines.
    pub ahead: Option<Ahead>,
}

/// What would be: matches that are known, and the tables of the file's tournaments.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// Matches by line.
    pub changed: Vec<Changed>,
    /// Questions about stages that would be others, of the tournaments whose tables are told and of those that carry from them.
    pub questions: Vec<Question>,
    /// Tables of the first tournaments of the file, by name.
    pub standings: Vec<(String, Vec<StageStandings>)>,
    /// How many more tournaments there are.
    pub standings_left_out: usize,
    /// Teams as they would be, and tournaments.
    pub directory: Directory,
}

/// Compares what a source says of `season` with what is known, and writes the difference unless a line is refused.
///
/// # Errors
///
/// When the database does not answer.
pub async fn by_source(pool: &PgPool, season: &Season) -> Result<Imported, sqlx::Error> {
    import(pool, season, None, false).await
}

/// The same for a file that an admin sends, unless `dry_run`. A file that changes something is written down.
///
/// # Errors
///
/// When the database does not answer.
pub async fn by_admin(
    pool: &PgPool,
    season: &Season,
    by: &Identity,
    dry_run: bool,
) -> Result<Imported, sqlx::Error> {
    import(pool, season, Some(by), dry_run).await
}

async fn import(
    pool: &PgPool,
    season: &Season,
    admin: Option<&Identity>,
    dry_run: bool,
) -> Result<Imported, sqlx::Error> {
    let importer = if admin.is_some() { Importer::Admin } else { Importer::Source };
    postgres::retrying(|| async {
        let mut transaction = postgres::begin(pool).await?;
        store::lock_imports(&mut transaction).await?;
        let tournaments = store::tournaments::all_sources(&mut transaction).await?;
        let season = &season.clone().spelt_as(tournaments.iter().map(|(name, _)| name.as_str()));
        let known = known(&mut transaction, season, tournaments).await?;
        let now = store::now(&mut transaction).await?;
        let plan = Plan::new(season, known, importer, now);
        let applied = !dry_run && plan.report.first_refused().is_none();
        let report = plan.report.clone();
        if dry_run && report.first_refused().is_none() {
            let ahead = Some(ahead(&mut transaction, season, plan).await?);
            return Ok(Imported { report, applied, ahead });
        }
        if applied {
            let tournaments: Vec<_> = season_names(season).into_iter().collect();
            write(&mut transaction, plan).await?;
            if let Some(admin) = admin.filter(|_| report.changes_anything()) {
                log(admin, &tournaments, &report).write(&mut transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(Imported { report, applied, ahead: None })
    })
    .await
}

async fn known(
    db: &mut PgConnection,
    season: &Season,
    tournaments: Vec<(String, SourceKind)>,
) -> Result<Known, sqlx::Error> {
    let fixtures = || season.matches.iter().filter_map(|entry| entry.content.as_ref().ok());
    let ids: Vec<_> = fixtures().map(crate::domain::season::Fixture::match_id).collect();
    let teams = store::teams::list(db, None).await?;
    let matches = store::matches::lock(db, &ids).await?;
    let starts = || fixtures().map(|fixture| fixture.starts_at);
    let nearby = match starts().min().zip(starts().max()) {
        Some((first, last)) => store::matches::between(db, first - NEARBY, last + NEARBY).await?,
        None => Vec::new(),
    };
    Ok(Known {
        teams: teams.into_iter().map(|team| (team.code.clone(), team)).collect(),
        played: store::names::played(db).await?,
        clubs: store::clubs::all(db).await?,
        tournaments: tournaments.into_iter().collect(),
        stages: store::tournaments::all_stages(db).await?.into_iter().collect(),
        matches: matches.into_iter().map(|m| (m.match_id, m)).collect(),
        nearby,
    })
}

async fn ahead(db: &mut PgConnection, season: &Season, plan: Plan) -> Result<Ahead, sqlx::Error> {
    let names = season_names(season);
    let overlay = Overlay { courses: &plan.courses, matches: &plan.matches };
    let mut games: Vec<_> = plan.changed.iter().map(|changed| changed.game.clone()).collect();
    let (mut tables, mut teams) = (Vec::new(), Vec::new());
    for name in names.iter().take(NAMED) {
        let played = standings::played(db, Tournament::id_of(name), overlay).await?;
        let stages = standings::tables(db, &played, overlay).await?;
        teams.extend(standings::expected(db, Tournament::id_of(name), &stages).await?);
        tables.push((name.clone(), stages));
        games.extend(played.matches);
    }
    let tournaments: Vec<_> = names.iter().take(NAMED).map(|name| Tournament::id_of(name)).collect();
    let questions = questions::ahead(db, &tournaments, overlay).await?;
    teams.extend(plan.names);
    let directory = Directory::of(db, &games).await?.and(Directory::of_questions(db, &questions).await?);
    let directory = directory.with(teams).with_tournaments(names.iter());
    let standings_left_out = names.len().saturating_sub(NAMED);
    Ok(Ahead { changed: plan.changed, questions, standings: tables, standings_left_out, directory })
}

/// The tournaments that a file speaks of.
fn season_names(season: &Season) -> BTreeSet<String> {
    let fixtures = season.matches.iter().filter_map(|entry| entry.content.as_ref().ok());
    let courses = season.courses.iter().filter_map(|entry| entry.content.as_ref().ok());
    let named = fixtures.map(|fixture| &fixture.tournament).chain(courses.map(|course| &course.tournament));
    named.cloned().collect()
}

fn log<'a>(admin: &'a Identity, tournaments: &[String], report: &Report) -> admin_log::Action<'a> {
    let named: Vec<_> = tournaments.iter().take(NAMED).collect();
    let (added, changed) = (report.count(Action::Added), report.count(Action::Changed));
    let after = json!({ "tournaments": named, "added": added, "changed": changed });
    let (name, before) = ("import_season", Value::Null);
    admin_log::Action { admin, name, subject: None, before, after, why: None }
}

async fn write(db: &mut PgConnection, mut plan: Plan) -> Result<(), sqlx::Error> {
    for team in &plan.teams {
        store::teams::put(db, team).await?;
    }
    for name in &plan.tournaments {
        store::tournaments::add_missing(db, name, SourceKind::File, None).await?;
    }
    plan.courses.sort_by_key(|course| Tournament::id_of(&course.tournament));
    for course in &plan.courses {
        store::tournaments::put_stages(db, Tournament::id_of(&course.tournament), &course.stages).await?;
    }
    for (tournament, team) in &plan.names {
        store::names::put(db, *tournament, team).await?;
    }
    for renaming in &plan.renamings {
        store::clubs::put(db, renaming).await?;
    }
    store::matches::put_all(db, plan.matches).await
}
