//! Markets about whole stages: they follow a question as others follow their match.

use chrono::TimeDelta;
use loljoa_proto::{
    betting::v1::{BetState, ListMarketsRequest, Market, MarketEffect, MarketState, Template},
    league_schedule::v1::{Question, QuestionKind, QuestionState, Team},
};
use loljoa_service_kit::{MatchId, TeamId};
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

/// Who wins the playoffs, of which the test says what happens.
struct Contest {
    question: Question,
    teams: Vec<Team>,
}

impl Contest {
    /// It begins two hours from now and can be won by three teams.
    async fn of(world: &World) -> Self {
        let starts_at = world.now().await + TimeDelta::hours(2);
        let team = |code: &str| Team {
            team_id: TeamId::fresh().to_string(),
            code: code.into(),
            name_en: format!("{code} Esports"),
            name_ko: format!("{code} 이스포츠"),
            colour: "#E2012D".into(),
            ..Team::default()
        };
        let teams: Vec<Team> = ["T1", "GEN", "DK", "HLE"].map(team).into();
        let question = Question {
            question_id: MatchId::fresh().to_string(),
            tournament_name: "LCK Cup".into(),
            stage: "Playoffs".into(),
            kind: QuestionKind::Champion.into(),
            state: QuestionState::Scheduled.into(),
            starts_at: Some(prost_types::Timestamp { seconds: starts_at.timestamp(), nanos: 0 }),
            candidates: teams[..3].to_vec(),
            revision: 1,
            ..Question::default()
        };
        Self { question, teams }
    }

    fn next(&mut self, state: QuestionState) -> Question {
        self.question.revision += 1;
        self.question.state = state.into();
        self.question.clone()
    }

    async fn markets(&self, world: &World) -> Vec<Market> {
        let match_ids = vec![self.question.question_id.clone()];
        let request = ListMarketsRequest { match_ids, limit: 100, cursor: String::new() };
        world.betting().betting.clone().list_markets(request).await.unwrap().into_inner().markets
    }

    /// The only market in this state, once there is one.
    async fn market(&self, world: &World, state: MarketState) -> Market {
        eventually(async || self.markets(world).await.into_iter().find(|market| market.state() == state))
            .await
    }
}

#[sqlx::test]
async fn a_question_opens_a_market_locks_it_at_its_beginning_and_settles_it_by_its_answer(pool: PgPool) {
    let world = World::start(&pool).await;
    let mut contest = Contest::of(&world).await;
    world.feed.ask(contest.question.clone());
    let market = contest.market(&world, MarketState::Open).await;
    assert_eq!(market.template(), Template::Champion);
    assert_eq!(market.question_en, "LCK Cup Playoffs: who wins it?");
    let keys: Vec<_> = market.outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
    assert_eq!(keys, ["DK", "GEN", "T1"]);
    assert_eq!(market.outcomes[1].label_ko, "GEN 이스포츠");
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let on_t1 = world.betting().bet(&Bet::on(&market, "T1", faker, 100)).await;
    let on_gen = world.betting().bet(&Bet::on(&market, "GEN", chovy, 300)).await;
    world.feed.ask(contest.next(QuestionState::InProgress));
    world.until(&market, MarketState::Locked).await;
    contest.question.winner_id = contest.teams[1].team_id.clone();
    world.feed.ask(contest.next(QuestionState::Decided));
    world.until(&market, MarketState::Settled).await;
    world.until_delivered().await;
    let state = async |account, bet: &str| world.betting().get(account, bet).await.unwrap().state();
    assert_eq!(state(faker, &on_t1.bet_id).await, BetState::Lost);
    assert_eq!(state(chovy, &on_gen.bet_id).await, BetState::Won);
    assert_eq!((world.points(faker).await, world.points(chovy).await), (900, 1_100));
    assert_eq!(world.betting().incidents().await, []);
    // Another answer afterwards is for a person.
    contest.question.winner_id = contest.teams[0].team_id.clone();
    world.feed.ask(contest.next(QuestionState::Decided));
    let incidents =
        eventually(async || Some(world.betting().incidents().await).filter(|found| !found.is_empty()));
    assert!(incidents.await[0].message.contains("T1"));
    world.end().await;
}

#[sqlx::test]
async fn other_candidates_give_stakes_back_and_ask_anew_and_no_answer_gives_them_back_for_good(pool: PgPool) {
    let world = World::start(&pool).await;
    let mut contest = Contest::of(&world).await;
    world.feed.ask(contest.question.clone());
    let first = contest.market(&world, MarketState::Open).await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&first, "T1", account, 100)).await;
    contest.question.candidates = contest.teams[1..].to_vec();
    world.feed.ask(contest.next(QuestionState::Scheduled));
    assert_eq!(world.until(&first, MarketState::Void).await.void_reason, "match_changed");
    let second = contest.market(&world, MarketState::Open).await;
    let keys: Vec<_> = second.outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
    assert_eq!(keys, ["DK", "GEN", "HLE"]);
    world.betting().bet(&Bet::on(&second, "HLE", account, 200)).await;
    world.feed.ask(contest.next(QuestionState::Cancelled));
    assert_eq!(world.until(&second, MarketState::Void).await.void_reason, "cancelled");
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_question_that_cannot_be_read_does_not_hold_up_the_next(pool: PgPool) {
    let world = World::start(&pool).await;
    let contest = Contest::of(&world).await;
    world.feed.ask(Question { kind: QuestionKind::Unspecified.into(), ..contest.question.clone() });
    world.feed.ask(contest.question.clone());
    contest.market(&world, MarketState::Open).await;
    assert_eq!(world.betting().incidents().await.len(), 1);
    world.end().await;
}

#[sqlx::test]
async fn a_look_ahead_says_what_becomes_of_the_market_and_its_stakes_and_then_it_does(pool: PgPool) {
    let world = World::start(&pool).await;
    let mut contest = Contest::of(&world).await;
    let betting = world.betting();
    let told = async |question: &Question| {
        let touched = betting.preview_questions(std::slice::from_ref(question)).await.unwrap();
        touched
            .into_iter()
            .map(|market| (market.effect(), market.pool, market.given_back, market.market_id))
            .collect::<Vec<_>>()
    };
    let [(MarketEffect::Opens, 0, 0, id)] = &told(&contest.question).await[..] else { panic!() };
    world.feed.ask(contest.question.clone());
    let market = contest.market(&world, MarketState::Open).await;
    assert_eq!(market.market_id, *id, "it has the id that was told");
    let account = world.account("faker").await;
    betting.bet(&Bet::on(&market, "T1", account, 100)).await;
    assert_eq!(told(&contest.question).await, []);

    let staked = contest.market(&world, MarketState::Open).await;
    let others = Question { candidates: contest.teams[1..].to_vec(), ..contest.question.clone() };
    let touched = told(&others).await;
    assert_eq!(touched[0], (MarketEffect::Withdrawn, 100, 100, market.market_id.clone()));
    assert_eq!((touched.len(), touched[1].0), (2, MarketEffect::Opens));
    let gone = Question { state: QuestionState::Cancelled.into(), ..contest.question.clone() };
    assert_eq!(told(&gone).await, [(MarketEffect::Voided, 100, 100, market.market_id.clone())]);
    let begun = Question { state: QuestionState::InProgress.into(), ..contest.question.clone() };
    assert_eq!(told(&begun).await, [(MarketEffect::Locks, 100, 0, market.market_id.clone())]);
    let winner_id = contest.teams[0].team_id.clone();
    let decided = Question { state: QuestionState::Decided.into(), winner_id, ..contest.question.clone() };
    assert_eq!(told(&decided).await, [(MarketEffect::Settles, 100, 0, market.market_id.clone())]);
    assert_eq!(contest.market(&world, MarketState::Open).await, staked, "a look changes nothing");

    contest.question.candidates = others.candidates;
    world.feed.ask(contest.next(QuestionState::Scheduled));
    world.until(&market, MarketState::Void).await;
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_look_ahead_at_nothing_or_at_what_cannot_be_read_names_the_field(pool: PgPool) {
    let world = World::start(&pool).await;
    let contest = Contest::of(&world).await;
    let refused = async |questions: &[Question]| {
        let error = world.betting().preview_questions(questions).await.unwrap_err();
        (error.violations[0].field.clone(), error.reason)
    };
    assert_eq!(refused(&[]).await, ("matches".into(), "matches_out_of_range".into()));
    let many = vec![contest.question.clone(); 1_001];
    assert_eq!(refused(&many).await, ("questions".into(), "questions_out_of_range".into()));
    let unkind = Question { kind: QuestionKind::Unspecified.into(), ..contest.question.clone() };
    assert_eq!(refused(&[unkind]).await, ("kind".into(), "match_unreadable".into()));
    world.end().await;
}
