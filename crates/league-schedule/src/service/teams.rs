//! Teams with what their clubs were called before.

use std::collections::HashMap;

use loljoa_service_kit::TournamentId;
use sqlx::PgConnection;

use crate::{domain::Team, store};

/// A team in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The team.
    pub team: Team,
    /// Its club under its former codes, by code.
    pub formerly: Vec<Team>,
    /// Its club under the code of now; `None` when that is its own.
    pub now: Option<Team>,
}

/// All teams, or those of one tournament as it calls them, by code.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection, of: Option<TournamentId>) -> Result<Vec<Listed>, sqlx::Error> {
    let teams = store::teams::list(db, of).await?;
    let clubs = store::clubs::all(db).await?;
    let all = if of.is_none() { teams.clone() } else { store::teams::list(db, None).await? };
    let all: HashMap<String, Team> = all.into_iter().map(|team| (team.code.clone(), team)).collect();
    let listed = teams.into_iter().map(|team| {
        let formerly = clubs.former(&team.code).iter().filter_map(|code| all.get(code)).cloned().collect();
        let now = Some(clubs.now(&team.code)).filter(|now| *now != team.code);
        Listed { formerly, now: now.and_then(|now| all.get(now)).cloned(), team }
    });
    Ok(listed.collect())
}
