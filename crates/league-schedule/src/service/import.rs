//! Bringing season files in.

use std::collections::BTreeSet;

use loljoa_service_kit::postgres;
use sqlx::{PgConnection, PgPool};

use crate::{
    domain::{
        SourceKind,
        import::{Importer, Known, Plan, Report},
        season::Season,
    },
    store,
};

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Line by line.
    pub report: Report,
    /// Whether the changes were made.
    pub applied: bool,
}

/// Compares `season` with what is known, and writes the difference unless a line is refused or `dry_run`.
///
/// # Errors
///
/// When the database does not answer.
pub async fn import(
    pool: &PgPool,
    season: &Season,
    importer: Importer,
    dry_run: bool,
) -> Result<Imported, sqlx::Error> {
    postgres::retrying(|| async {
        let mut transaction = postgres::begin(pool).await?;
        store::lock_imports(&mut transaction).await?;
        let known = known(&mut transaction, season).await?;
        let plan = Plan::new(season, known, importer);
        let applied = !dry_run && plan.report.first_refused().is_none();
        let report = plan.report.clone();
        if applied {
            write(&mut transaction, plan).await?;
            transaction.commit().await?;
        }
        Ok(Imported { report, applied })
    })
    .await
}

async fn known(db: &mut PgConnection, season: &Season) -> Result<Known, sqlx::Error> {
    let fixtures = || season.matches.iter().filter_map(|entry| entry.content.as_ref().ok());
    let names: BTreeSet<String> = fixtures().map(|fixture| fixture.tournament.clone()).collect();
    let ids: Vec<_> = fixtures().map(crate::domain::season::Fixture::match_id).collect();
    let teams = store::teams::list(db, None).await?;
    let names: Vec<String> = names.into_iter().collect();
    let tournaments = store::tournaments::sources(db, &names).await?;
    let matches = store::matches::lock(db, &ids).await?;
    Ok(Known {
        teams: teams.into_iter().map(|team| (team.code.clone(), team)).collect(),
        tournaments: tournaments.into_iter().collect(),
        matches: matches.into_iter().map(|m| (m.match_id, m)).collect(),
    })
}

async fn write(db: &mut PgConnection, plan: Plan) -> Result<(), sqlx::Error> {
    for team in &plan.teams {
        store::teams::put(db, team).await?;
    }
    for name in &plan.tournaments {
        store::tournaments::add_missing(db, name, SourceKind::File, None).await?;
    }
    store::matches::put_all(db, plan.matches).await
}
