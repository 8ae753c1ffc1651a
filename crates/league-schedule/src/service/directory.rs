//! The teams, as their tournaments call them, and the tournaments that a page of matches or of questions speaks of.

use std::collections::{BTreeSet, HashMap};

use loljoa_service_kit::{TeamId, TournamentId};
use sqlx::PgConnection;

use crate::{
    domain::{Match, Question, Team, Tournament},
    store,
};

/// Tournaments' names, and teams by tournament, by id.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    teams: HashMap<(TournamentId, TeamId), Team>,
    tournaments: HashMap<TournamentId, String>,
}

impl Directory {
    /// What `matches` speak of.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn of(db: &mut PgConnection, matches: &[Match]) -> Result<Self, sqlx::Error> {
        let teams = |m: &Match| [m.team1_id, m.team2_id].map(|team| Some((m.tournament_id, team?)));
        let teams = matches.iter().flat_map(teams).flatten();
        Self::named(db, teams.collect(), matches.iter().map(|m| m.tournament_id).collect()).await
    }

    /// What `questions` speak of.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn of_questions(db: &mut PgConnection, questions: &[Question]) -> Result<Self, sqlx::Error> {
        let teams = |question: &Question| {
            let tournament = question.tournament_id;
            question.candidates.clone().into_iter().map(move |team| (tournament, team))
        };
        let teams = questions.iter().flat_map(teams);
        Self::named(db, teams.collect(), questions.iter().map(|question| question.tournament_id).collect())
            .await
    }

    async fn named(
        db: &mut PgConnection,
        teams: BTreeSet<(TournamentId, TeamId)>,
        tournaments: BTreeSet<TournamentId>,
    ) -> Result<Self, sqlx::Error> {
        if tournaments.is_empty() {
            return Ok(Self::default());
        }
        let teams: Vec<_> = teams.into_iter().collect();
        let tournaments: Vec<TournamentId> = tournaments.into_iter().collect();
        let teams = store::names::of(db, &teams).await?;
        let tournaments = store::tournaments::names(db, &tournaments).await?;
        Ok(Self { teams: by_ids(teams).collect(), tournaments: tournaments.into_iter().collect() })
    }

    /// The same with these teams called so in these tournaments.
    #[must_use]
    pub fn with(mut self, teams: Vec<(TournamentId, Team)>) -> Self {
        self.teams.extend(by_ids(teams));
        self
    }

    /// The same with what `other` knows.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.teams.extend(other.teams);
        self.tournaments.extend(other.tournaments);
        self
    }

    /// The same with tournaments of these names.
    #[must_use]
    pub fn with_tournaments<'a>(mut self, names: impl Iterator<Item = &'a String>) -> Self {
        self.tournaments.extend(names.map(|name| (Tournament::id_of(name), name.clone())));
        self
    }

    /// The team with this id, as the tournament calls it.
    #[must_use]
    pub fn team(&self, tournament: TournamentId, id: TeamId) -> Option<&Team> {
        self.teams.get(&(tournament, id))
    }

    /// The tournament's name.
    #[must_use]
    pub fn tournament(&self, id: TournamentId) -> &str {
        self.tournaments.get(&id).map_or("", String::as_str)
    }
}

fn by_ids(teams: Vec<(TournamentId, Team)>) -> impl Iterator<Item = ((TournamentId, TeamId), Team)> {
    teams.into_iter().map(|(tournament, team)| ((tournament, team.team_id), team))
}
