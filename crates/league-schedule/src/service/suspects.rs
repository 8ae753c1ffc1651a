//! Looking for matches that were probably brought in wrongly.

use loljoa_service_kit::postgres;
use sqlx::PgPool;

use super::{directory::Directory, questions, standings::Overlay};
use crate::{
    domain::{
        Match, Question, Tournament,
        suspects::{self, Suspect},
    },
    store,
};

/// So many are told at once.
const MOST: usize = 200;

/// What is odd.
#[derive(Clone, Debug)]
pub struct Suspects {
    /// Latest first, up to a bound; each with the questions about stages that would be others without the match to remove.
    pub found: Vec<(Suspect, Vec<Question>)>,
    /// How many more there are.
    pub left_out: usize,
    /// The teams and tournaments that they speak of.
    pub directory: Directory,
}

/// What is odd among all matches that are known, but for replays.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(pool: &PgPool) -> Result<Suspects, sqlx::Error> {
    let mut db = postgres::reading(pool).await?;
    let matches = store::matches::outside_replays(&mut db).await?;
    let teams = store::teams::list(&mut db, None).await?;
    let said = store::tournaments::all_stages(&mut db).await?;
    let said = said.into_iter().map(|(name, stages)| (Tournament::id_of(&name), stages)).collect();
    let now = store::now(&mut db).await?;
    let mut found = suspects::find(&matches, &teams, &said, now);
    let left_out = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    let told: Vec<Match> = found.iter().flat_map(|suspect| suspect.matches.clone()).collect();
    let mut directory = Directory::of(&mut db, &told).await?;
    let mut with_questions = Vec::new();
    for suspect in found {
        let matches = suspect.mended();
        let tournaments: Vec<_> = matches.iter().map(|m| m.tournament_id).take(1).collect();
        let overlay = Overlay { matches: &matches, ..Overlay::default() };
        let questions = questions::ahead(&mut db, &tournaments, overlay).await?;
        directory = directory.and(Directory::of_questions(&mut db, &questions).await?);
        with_questions.push((suspect, questions));
    }
    Ok(Suspects { found: with_questions, left_out, directory })
}
