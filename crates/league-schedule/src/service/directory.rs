//! The teams and tournaments that a page of matches or of questions speaks of.

use std::collections::{BTreeSet, HashMap};

use loljoa_service_kit::{TeamId, TournamentId};
use sqlx::PgConnection;

use crate::{
    domain::{Match, Question, Team},
    store,
};

/// Teams and tournament names by id.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    teams: HashMap<TeamId, Team>,
    tournaments: HashMap<TournamentId, String>,
}

impl Directory {
    /// What `matches` speak of.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn of(db: &mut PgConnection, matches: &[Match]) -> Result<Self, sqlx::Error> {
        let teams = matches.iter().flat_map(|m| [m.team1_id, m.team2_id]).flatten();
        Self::named(db, teams.collect(), matches.iter().map(|m| m.tournament_id).collect()).await
    }

    /// What `questions` speak of.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn of_questions(db: &mut PgConnection, questions: &[Question]) -> Result<Self, sqlx::Error> {
        let teams = questions.iter().flat_map(|question| &question.candidates).copied();
        Self::named(db, teams.collect(), questions.iter().map(|question| question.tournament_id).collect())
            .await
    }

    async fn named(
        db: &mut PgConnection,
        teams: BTreeSet<TeamId>,
        tournaments: BTreeSet<TournamentId>,
    ) -> Result<Self, sqlx::Error> {
        if tournaments.is_empty() {
            return Ok(Self::default());
        }
        let teams: Vec<TeamId> = teams.into_iter().collect();
        let tournaments: Vec<TournamentId> = tournaments.into_iter().collect();
        let teams = store::teams::by_ids(db, &teams).await?;
        let tournaments = store::tournaments::names(db, &tournaments).await?;
        Ok(Self {
            teams: teams.into_iter().map(|team| (team.team_id, team)).collect(),
            tournaments: tournaments.into_iter().collect(),
        })
    }

    /// The same with these teams as they are here.
    #[must_use]
    pub fn with(mut self, teams: Vec<Team>) -> Self {
        self.teams.extend(teams.into_iter().map(|team| (team.team_id, team)));
        self
    }

    /// The team with this id.
    #[must_use]
    pub fn team(&self, id: TeamId) -> Option<&Team> {
        self.teams.get(&id)
    }

    /// The tournament's name.
    #[must_use]
    pub fn tournament(&self, id: TournamentId) -> &str {
        self.tournaments.get(&id).map_or("", String::as_str)
    }
}
