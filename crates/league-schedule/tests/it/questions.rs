//! Questions about stages follow the matches, and their feed skips nothing.

use std::time::Duration;

use loljoa_league_schedule::{domain::Tournament, store::followed};
use loljoa_proto::league_schedule::v1::{
    ListMatchesRequest, ListQuestionChangesRequest, ListQuestionsRequest, ListSuspectsRequest, Match,
    Question, QuestionKind, QuestionState, RemoveMatchRequest, SeasonFormat,
};
use loljoa_service_kit::{Error, ErrorCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PLAYOFFS, Service, code, result};

const CUP: &str = "Cup";
const TEAMS: [&str; 3] = ["A", "B", "C"];

/// A match of the cup to come, by its day in a year far ahead.
fn game(tournament: &str, block: &str, day: u32, teams: [&str; 2]) -> Value {
    let team = |code: &str| (code != "?").then(|| code.to_owned());
    json!({ "tournament": tournament, "block": block, "date": format!("2098-01-{day:02}"), "slot": 1, "bestOf": 3,
        "team1": team(teams[0]), "team2": team(teams[1]) })
}

/// A table of three, and a final of the first two.
fn matches() -> Vec<Value> {
    vec![
        game(CUP, "Week 1", 1, ["A", "B"]),
        game(CUP, "Week 1", 2, ["A", "C"]),
        game(CUP, "Week 1", 3, ["B", "C"]),
        game(CUP, "Final", 9, ["?", "?"]),
    ]
}

fn regular(name: &str) -> Value {
    json!({ "name": name, "kind": "roundRobin", "blocks": ["Week 1"] })
}

fn file(matches: &[Value], stages: &[(&str, Value)]) -> String {
    let teams: Vec<_> = TEAMS
        .iter()
        .map(|code| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#112233" }))
        .collect();
    let tournaments: Vec<_> =
        stages.iter().map(|(name, stage)| json!({ "name": name, "stages": [stage] })).collect();
    json!({ "format": "loljoa-season/1", "teams": teams, "tournaments": tournaments, "matches": matches })
        .to_string()
}

impl Service {
    async fn questions(&self, tournament_id: &str) -> Vec<Question> {
        let request = ListQuestionsRequest { tournament_id: tournament_id.into() };
        self.league.clone().list_questions(request).await.unwrap().into_inner().questions
    }

    /// Follows the feed of questions from its beginning until it ends with this one at a state.
    async fn question_changes_until(&self, about: &str, state: QuestionState) -> Vec<Question> {
        let (mut changes, mut cursor): (Vec<Question>, _) = (Vec::new(), String::new());
        let following = async {
            while !changes.iter().any(|change| change.stage == about && change.state() == state) {
                let request = ListQuestionChangesRequest { cursor, limit: 1, wait_ms: 5_000 };
                let page = self.feed.clone().list_question_changes(request).await.unwrap().into_inner();
                changes.extend(page.questions);
                cursor = page.next_cursor;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(1), following).await;
        in_time.expect("the change comes within a minute");
        changes
    }

    /// The match of the cup on this day.
    async fn on(&self, day: usize) -> Match {
        let tournament_id = Tournament::id_of(CUP).to_string();
        let cup = ListMatchesRequest { tournament_id, ..Default::default() };
        self.all(cup).await.remove(day - 1)
    }
}

/// Revision and state of the changes of a question, in their order.
fn course(changes: &[Question], stage: &str) -> Vec<(i64, QuestionState)> {
    let own = changes.iter().filter(|change| change.stage == stage);
    own.map(|change| (change.revision, change.state())).collect()
}

fn candidates(question: &Question) -> Vec<&str> {
    let mut codes: Vec<_> = question.candidates.iter().map(|team| code(Some(team))).collect();
    codes.sort_unstable();
    codes
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn an_import_asks_and_results_decide_in_the_order_of_the_feed(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    assert!(service.import(&file(&matches(), &[(CUP, regular("Regular"))])).await.applied);
    let begun = service.question_changes_until("Regular", QuestionState::Scheduled).await;
    let listed = service.questions("").await;
    assert_eq!(listed, begun, "who wins the final is not asked: it is no stage of the file");
    assert_eq!((listed[0].kind(), candidates(&listed[0])), (QuestionKind::First, TEAMS.to_vec()));
    let first = service.on(1).await;
    assert_eq!((listed[0].starts_at, listed[0].tournament_name.as_str()), (first.starts_at, CUP));
    assert_ne!(listed[0].question_id, first.match_id);

    service.record(result(&first, 2, 0)).await.unwrap();
    service.question_changes_until("Regular", QuestionState::InProgress).await;
    for day in [2, 3] {
        service.record(result(&service.on(day).await, 2, 0)).await.unwrap();
    }
    let changes = service.question_changes_until("Regular", QuestionState::Decided).await;
    let states = [QuestionState::Scheduled, QuestionState::InProgress, QuestionState::Decided];
    assert_eq!(course(&changes, "Regular"), (1..).zip(states).collect::<Vec<_>>());
    assert_eq!(changes[2].winner_id, first.team1.unwrap().team_id);
    assert_eq!(service.questions(&first.tournament_id).await, changes[2..]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_that_is_corrected_gives_another_answer(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    assert!(service.import(&file(&matches(), &[(CUP, regular("Regular"))])).await.applied);
    for day in 1..=3 {
        service.record(result(&service.on(day).await, 2, 0)).await.unwrap();
    }
    service.question_changes_until("Regular", QuestionState::Decided).await;
    service.record(result(&service.on(1).await, 0, 2)).await.unwrap();
    let second = service.on(1).await.team2.unwrap().team_id;
    let corrected = async {
        while service.questions("").await[0].winner_id != second {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), corrected).await.expect("the answer follows the result");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn other_stages_cancel_the_questions_about_those_before(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    assert!(service.import(&file(&matches(), &[(CUP, regular("Regular"))])).await.applied);
    let asked = service.question_changes_until("Regular", QuestionState::Scheduled).await;
    assert!(service.import(&file(&[], &[(CUP, regular("Spring"))])).await.applied);
    let changes = service.question_changes_until("Regular", QuestionState::Cancelled).await;
    assert_eq!(course(&changes, "Regular"), [(1, QuestionState::Scheduled), (2, QuestionState::Cancelled)]);
    service.question_changes_until("Spring", QuestionState::Scheduled).await;
    let gone = service.questions("").await.into_iter().find(|question| question.stage == "Regular").unwrap();
    assert_eq!((gone.candidates, gone.starts_at), (asked[0].candidates.clone(), asked[0].starts_at));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_result_elsewhere_that_counts_here_is_followed(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let mut all = matches();
    all.push(game("Before", "Week 1", 1, ["C", "A"]));
    let mut stage = regular("Regular");
    stage["carries"] = json!([{ "tournament": "Before", "stage": "Regular" }]);
    stage["tiebreakers"] = json!([]);
    let stages = [(CUP, stage), ("Before", regular("Regular"))];
    assert!(service.import(&file(&all, &stages)).await.applied);
    // A, B and C beat each other in a circle; what came before separates them.
    for (day, score) in [(1, (2, 0)), (2, (0, 2)), (3, (2, 0))] {
        service.record(result(&service.on(day).await, score.0, score.1)).await.unwrap();
    }
    let cup = Tournament::id_of(CUP).to_string();
    let settled = |state| {
        let (service, cup) = (&service, &cup);
        async move {
            while service.questions(cup).await.first().is_none_or(|question| question.state() != state) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), settled(QuestionState::InProgress)).await.unwrap();
    until_nothing_is_marked(&pool).await;
    let before =
        ListMatchesRequest { tournament_id: Tournament::id_of("Before").to_string(), ..Default::default() };
    let before = service.all(before).await.remove(0);
    service.record(result(&before, 2, 0)).await.unwrap();
    tokio::time::timeout(Duration::from_mins(1), settled(QuestionState::Decided)).await.unwrap();
    assert_eq!(service.questions(&cup).await[0].winner_id, before.team1.unwrap().team_id);
    service.stop().await;
}

async fn until_nothing_is_marked(pool: &PgPool) {
    let waiting = async {
        let mut db = pool.acquire().await.unwrap();
        while followed::any_marked(&mut db).await.unwrap()
            || followed::is_behind(&mut db, 3_600.0).await.unwrap()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("all questions are looked at");
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn replicas_together_make_each_revision_once_and_lose_none(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let other = Service::without_source(&pool).await;
    assert!(service.import(&file(&matches(), &[(CUP, regular("Regular"))])).await.applied);
    service.question_changes_until("Regular", QuestionState::Scheduled).await;
    for day in 1..=3 {
        let winner = if day == 1 { &other } else { &service };
        winner.record(result(&service.on(day).await, 2, 0)).await.unwrap();
    }
    service.question_changes_until("Regular", QuestionState::Decided).await;
    // Each replica looks at all of them again, and finds nothing to write.
    for _ in 0..2 {
        sqlx::query("UPDATE tournaments SET questions_stale = true").execute(&pool).await.unwrap();
        until_nothing_is_marked(&pool).await;
    }
    let changes = other.question_changes_until("Regular", QuestionState::Decided).await;
    let revisions: Vec<_> = changes.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, (1..).take(changes.len()).collect::<Vec<_>>());
    assert_eq!(service.questions("").await, changes[changes.len() - 1..]);
    for pair in changes.windows(2) {
        assert_ne!(pair[0].state, pair[1].state, "a revision changes something");
    }
    service.stop().await;
    other.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_shared_first_place_is_given_up_when_time_has_passed_without_any_match_changing(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let mut all = matches();
    all.pop();
    assert!(service.import(&file(&all, &[(CUP, regular("Regular"))])).await.applied);
    for (day, score) in [(1, (2, 0)), (2, (0, 2)), (3, (2, 0))] {
        service.record(result(&service.on(day).await, score.0, score.1)).await.unwrap();
    }
    service.question_changes_until("Regular", QuestionState::InProgress).await;
    until_nothing_is_marked(&pool).await;
    // As if the matches had been played long ago, and nothing had been looked at for a minute.
    sqlx::query("ALTER TABLE matches DISABLE TRIGGER USER").execute(&pool).await.unwrap();
    sqlx::query("UPDATE matches SET starts_at = starts_at - interval '90 years'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("ALTER TABLE matches ENABLE TRIGGER USER").execute(&pool).await.unwrap();
    sqlx::query("UPDATE questions_followed SET looked_at = looked_at - interval '1 minute'")
        .execute(&pool)
        .await
        .unwrap();
    service.question_changes_until("Regular", QuestionState::Cancelled).await;
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn who_won_the_bundled_playoffs_is_known_from_history(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    service.question_changes_until("Playoffs", QuestionState::Decided).await;
    let asked = service.questions(&service.tournament(PLAYOFFS).await.tournament_id).await;
    let [question] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((question.kind(), candidates(question).len()), (QuestionKind::Champion, 6));
    let champion = question.candidates.iter().find(|team| team.team_id == question.winner_id);
    assert_eq!(code(champion), "T1");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_cursor_of_the_other_feed_is_refused(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let (_, cursor) = service.next_changes("", 96).await;
    let request = ListQuestionChangesRequest { cursor, limit: 10, wait_ms: 0 };
    let refused = Error::from(service.feed.clone().list_question_changes(request).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Conflict, "cursor_ahead"));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_file_says_how_many_matches_a_table_has(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    for (matches, why) in [
        (json!(0), "matches must be from 1 to 2000"),
        (json!(2_001), "matches must be from 1 to 2000"),
        (json!("3"), "a whole number"),
    ] {
        let mut stage = regular("Regular");
        stage["matches"] = matches;
        let refused = service.import(&file(&self::matches(), &[(CUP, stage)])).await;
        assert!(refused.lines.iter().any(|line| line.message.contains(why)), "{why}: {:?}", refused.lines);
    }
    let stage = json!({ "name": "Swiss", "kind": "swiss", "blocks": ["Week 1"], "matches": 3 });
    let refused = service.import(&file(&matches(), &[(CUP, stage)])).await;
    assert!(refused.lines.iter().any(|line| line.message.contains("matches is for the kinds")));
    let mut stage = regular("Regular");
    stage["matches"] = json!(4);
    assert!(service.import(&file(&matches(), &[(CUP, stage)])).await.applied);
    until_nothing_is_marked(&pool).await;
    assert_eq!(service.questions("").await, [], "one is to come");
    stage = regular("Regular");
    stage["matches"] = json!(3);
    let said = service.import(&file(&[], &[(CUP, stage)])).await;
    assert!(said.lines[3].message.contains("of 4 matches"), "{:?}", said.lines);
    service.question_changes_until("Regular", QuestionState::Scheduled).await;
    service.stop().await;
}

/// What an import would do to questions.
async fn asked_ahead(service: &Service, file: &str) -> Vec<Question> {
    let told = service.import_as(SeasonFormat::Json, file.as_bytes(), true).await.unwrap();
    assert_eq!((told.refused, told.changed_questions_left_out), (0, 0));
    told.changed_questions
}

/// Where a question stands, whatever its revision.
fn standing(question: &Question) -> (String, QuestionState, Vec<&str>) {
    (question.stage.clone(), question.state(), candidates(question))
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_dry_run_tells_the_questions_that_an_import_makes_others(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let regular = file(&matches(), &[(CUP, regular("Regular"))]);
    let ahead = asked_ahead(&service, &regular).await;
    assert_eq!(service.questions("").await, [], "a dry run changes nothing");
    assert!(service.import(&regular).await.applied);
    let asked = service.question_changes_until("Regular", QuestionState::Scheduled).await;
    assert_eq!(ahead, asked, "the teams and the tournament are told, though none of them was known");
    assert_eq!(asked_ahead(&service, &regular).await, []);

    let stranger = file(&matches(), &[]).replace("\"C\"", "\"D\"");
    assert_eq!(
        asked_ahead(&service, &stranger).await.iter().map(standing).collect::<Vec<_>>(),
        [("Regular".into(), QuestionState::Scheduled, vec!["A", "B", "D"])]
    );
    let other_stage = file(&[], &[(CUP, self::regular("Spring"))]);
    let mut ahead = asked_ahead(&service, &other_stage).await;
    ahead.sort_by_key(|question| question.stage.clone());
    let told: Vec<_> = ahead.iter().map(standing).collect();
    assert_eq!(told[0], ("Regular".into(), QuestionState::Cancelled, TEAMS.to_vec()));
    assert_eq!(told[1], ("Spring".into(), QuestionState::Scheduled, TEAMS.to_vec()));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_look_at_a_removal_tells_the_question_that_it_answers(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    assert!(service.import(&file(&matches(), &[(CUP, regular("Regular"))])).await.applied);
    let mut double = game(CUP, "Week 1", 3, ["C", "B"]);
    double["slot"] = json!(3);
    assert!(service.import(&file(&[double], &[])).await.applied);
    for day in 1..=3 {
        service.record(result(&service.on(day).await, 2, 0)).await.unwrap();
    }
    service.question_changes_until("Regular", QuestionState::InProgress).await;
    let wrong = service.on(4).await;
    let decided = |questions: &[Question]| {
        let [question] = questions else { panic!("{questions:?}") };
        assert_eq!((question.stage.as_str(), question.state()), ("Regular", QuestionState::Decided));
        question.winner_id.clone()
    };
    let winner = service.on(1).await.team1.unwrap().team_id;

    let found = service.admin.clone().list_suspects(ListSuspectsRequest {}).await.unwrap().into_inner();
    let doubles = found.suspects.iter().find(|suspect| suspect.remove_id == wrong.match_id).unwrap();
    assert_eq!(decided(&doubles.changed_questions), winner);
    let others = found.suspects.iter().filter(|suspect| suspect.remove_id.is_empty());
    assert!(others.clone().count() > 0 && others.clone().all(|suspect| suspect.changed_questions.is_empty()));

    let request = RemoveMatchRequest { match_id: wrong.match_id, in_favour_of: String::new(), dry_run: true };
    let look = service.admin.clone().remove_match(request.clone()).await.unwrap().into_inner();
    assert_eq!(decided(&look.changed_questions), winner);
    assert_eq!(service.questions("").await[0].state(), QuestionState::InProgress, "a look changes nothing");
    service.admin.clone().remove_match(RemoveMatchRequest { dry_run: false, ..request }).await.unwrap();
    let changes = service.question_changes_until("Regular", QuestionState::Decided).await;
    assert_eq!(changes.last().unwrap().winner_id, winner);
    service.stop().await;
}
