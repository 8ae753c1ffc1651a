//! A feed of matches that the test writes.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_proto::league_schedule::v1::{
    ListChangesRequest, ListChangesResponse, ListQuestionChangesRequest, ListQuestionChangesResponse, Match,
    MatchState, Question, Team, league_feed_service_server::LeagueFeedService,
};
use loljoa_service_kit::{Error, MatchId, TeamId};
use tokio::{sync::watch, time};
use tonic::{Request, Response, Status, async_trait};

/// Everything that was ever said of a match, in order.
#[derive(Clone)]
pub(crate) struct Feed(Arc<watch::Sender<Vec<Match>>>, Arc<watch::Sender<Vec<Question>>>);

impl Feed {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())), Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(crate) fn say(&self, change: Match) {
        self.0.send_modify(|changes| changes.push(change));
    }

    /// Says a revision of a question about a stage.
    pub(crate) fn ask(&self, question: Question) {
        self.1.send_modify(|changes| changes.push(question));
    }

    /// Forgets the last change, as a feed does that is restored to an earlier state.
    pub(crate) fn forget_last(&self) {
        self.0.send_modify(|changes| {
            changes.pop();
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

#[async_trait]
impl LeagueFeedService for Feed {
    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        let request = request.into_inner();
        let from: usize = request.cursor.parse().unwrap_or_default();
        if from > self.len() {
            return Err(Error::conflict("cursor_ahead", "the feed is shorter").into());
        }
        let mut changes = self.0.subscribe();
        let wait = Duration::from_millis(request.wait_ms.unsigned_abs().into());
        let _ = time::timeout(wait, changes.wait_for(|changes| changes.len() > from)).await;
        let matches: Vec<_> = changes.borrow().iter().skip(from).take(1).cloned().collect();
        let next_cursor =
            if matches.is_empty() { request.cursor } else { (from + matches.len()).to_string() };
        Ok(Response::new(ListChangesResponse { matches, next_cursor, lag_ms: 0 }))
    }

    async fn list_question_changes(
        &self,
        request: Request<ListQuestionChangesRequest>,
    ) -> Result<Response<ListQuestionChangesResponse>, Status> {
        let request = request.into_inner();
        let from: usize = request.cursor.parse().unwrap_or_default();
        let mut changes = self.1.subscribe();
        let wait = Duration::from_millis(request.wait_ms.unsigned_abs().into());
        let _ = time::timeout(wait, changes.wait_for(|changes| changes.len() > from)).await;
        let questions: Vec<_> = changes.borrow().iter().skip(from).take(1).cloned().collect();
        let next_cursor =
            if questions.is_empty() { request.cursor } else { (from + questions.len()).to_string() };
        Ok(Response::new(ListQuestionChangesResponse { questions, next_cursor, lag_ms: 0 }))
    }
}

/// A match between T1 and GEN, of which the test says what happens.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) match_id: MatchId,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) best_of: i32,
    teams: [Team; 2],
}

impl Fixture {
    /// A best of three that starts `starts_in` from now by the database's clock `now`.
    pub(crate) fn new(now: DateTime<Utc>, starts_in: TimeDelta) -> Self {
        let teams = [team("T1", "T1", "티원"), team("GEN", "Gen.G", "젠지")];
        Self { match_id: MatchId::fresh(), starts_at: now + starts_in, best_of: 3, teams }
    }

    fn revision(&self, revision: i64, state: MatchState) -> Match {
        let [team1, team2] = self.teams.clone();
        Match {
            match_id: self.match_id.to_string(),
            starts_at: Some(prost_types::Timestamp {
                seconds: self.starts_at.timestamp(),
                nanos: i32::try_from(self.starts_at.timestamp_subsec_nanos()).unwrap(),
            }),
            best_of: self.best_of,
            state: state.into(),
            team1: Some(team1),
            team2: Some(team2),
            revision,
            ..Match::default()
        }
    }

    pub(crate) fn scheduled(&self, revision: i64) -> Match {
        self.revision(revision, MatchState::Scheduled)
    }

    pub(crate) fn moved(&self, revision: i64, starts_at: DateTime<Utc>) -> Match {
        Self { starts_at, ..self.clone() }.scheduled(revision)
    }

    /// It has begun at another time than it was to.
    pub(crate) fn begun(&self, revision: i64, starts_at: DateTime<Utc>) -> Match {
        Self { starts_at, ..self.clone() }.in_progress(revision)
    }

    /// The same over another length.
    pub(crate) fn of_length(&self, best_of: i32) -> Self {
        Self { best_of, ..self.clone() }
    }

    /// The same between the first team and another.
    pub(crate) fn against(&self, code: &str) -> Self {
        let mut other = self.clone();
        other.teams[1] = team(code, code, code);
        other
    }

    pub(crate) fn in_progress(&self, revision: i64) -> Match {
        self.revision(revision, MatchState::InProgress)
    }

    pub(crate) fn completed(&self, revision: i64, [one, two]: [i32; 2]) -> Match {
        Match { team1_wins: one, team2_wins: two, ..self.revision(revision, MatchState::Completed) }
    }

    pub(crate) fn forfeited(&self, revision: i64) -> Match {
        self.revision(revision, MatchState::Forfeited)
    }

    pub(crate) fn cancelled(&self, revision: i64) -> Match {
        self.revision(revision, MatchState::Cancelled)
    }
}

fn team(code: &str, name_en: &str, name_ko: &str) -> Team {
    Team {
        team_id: TeamId::fresh().to_string(),
        code: code.into(),
        name_en: name_en.into(),
        name_ko: name_ko.into(),
        colour: "#E2012D".into(),
        ..Team::default()
    }
}
