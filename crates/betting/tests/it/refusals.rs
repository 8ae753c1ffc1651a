//! Bad input: each is refused with its reason and field, and changes nothing.

use chrono::TimeDelta;
use loljoa_proto::betting::v1::{
    self as proto, CreateMarketRequest, CustomOutcome, MarketState, PlaceBetsRequest,
};
use loljoa_service_kit::{AccountId, Error, ErrorCode, IdempotencyKey, MarketId, OutcomeId};
use sqlx::PgPool;

use crate::harness::{Bet, Game, World};

/// Code, reason and field of a refusal.
fn parts(error: &Error) -> (ErrorCode, &str, &str) {
    let field = error.violations.first().map_or("", |violation| violation.field.as_str());
    (error.code, &error.reason, field)
}

/// A bet with something wrong.
fn bad_bets(game: &Game, account: AccountId) -> Vec<(Bet, ErrorCode, &'static str, &'static str)> {
    let with = |change: &dyn Fn(&mut proto::PlaceBet)| {
        let mut bet = Bet::on(&game.winner, "T1", account, 100);
        change(&mut bet.0);
        bet
    };
    let foreign = game.score.outcomes[0].outcome_id.clone();
    let (no_market, no_outcome) = (MarketId::fresh().to_string(), OutcomeId::fresh().to_string());
    vec![
        (with(&|bet| bet.stake = 0), ErrorCode::Invalid, "stake_too_small", "stake"),
        (with(&|bet| bet.stake = -100), ErrorCode::Invalid, "stake_too_small", "stake"),
        (with(&|bet| bet.stake = i64::MIN), ErrorCode::Invalid, "stake_too_small", "stake"),
        (with(&|bet| bet.stake = 99), ErrorCode::Invalid, "stake_too_small", "stake"),
        (with(&|bet| bet.stake = 1_001), ErrorCode::Conflict, "insufficient_points", "stake"),
        (with(&|bet| bet.stake = i64::MAX), ErrorCode::Conflict, "insufficient_points", "stake"),
        (
            with(&|bet| bet.market_id.clone_from(&no_market)),
            ErrorCode::NotFound,
            "market_not_found",
            "marketId",
        ),
        (with(&|bet| bet.market_id = "T1".into()), ErrorCode::Invalid, "not_a_uuid", "marketId"),
        (
            with(&|bet| bet.outcome_id.clone_from(&no_outcome)),
            ErrorCode::Invalid,
            "outcome_not_in_market",
            "outcomeId",
        ),
        (
            with(&|bet| bet.outcome_id.clone_from(&foreign)),
            ErrorCode::Invalid,
            "outcome_not_in_market",
            "outcomeId",
        ),
        (with(&|bet| bet.outcome_id = String::new()), ErrorCode::Invalid, "not_a_uuid", "outcomeId"),
        (
            with(&|bet| bet.idempotency_key = String::new()),
            ErrorCode::Invalid,
            "not_a_uuid",
            "Idempotency-Key",
        ),
        (
            with(&|bet| bet.idempotency_key = "key".into()),
            ErrorCode::Invalid,
            "not_a_uuid",
            "Idempotency-Key",
        ),
        (with(&|bet| bet.account_id = "faker".into()), ErrorCode::Invalid, "not_a_uuid", "accountId"),
    ]
}

#[sqlx::test]
async fn a_bad_bet_is_refused_with_its_reason_and_field(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bad = bad_bets(&game, account);
    let answers = world.betting().place_all(bad.iter().map(|(bet, ..)| bet.clone()).collect()).await;
    for (answer, (bet, code, reason, field)) in answers.into_iter().zip(bad) {
        assert_eq!(parts(&answer.unwrap_err()), (code, reason, field), "{bet:?}");
    }
    let nobody = Bet::on(&game.winner, "T1", AccountId::fresh(), 100);
    let refused = world.betting().place(&nobody).await.unwrap_err();
    assert_eq!(parts(&refused), (ErrorCode::NotFound, "account_not_found", ""));
    assert_eq!(world.points(account).await, 1_000);
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 0);
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_is_locked_settled_or_void_takes_no_bets(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    world.betting().void(&game.sets).await.unwrap();
    world.betting().lock(&game.score).await.unwrap();
    world.betting().lock(&game.winner).await.unwrap();
    world.betting().settle(&game.winner, "T1").await.unwrap();
    world.until(&game.winner, MarketState::Settled).await;
    for (market, key) in [(&game.winner, "T1"), (&game.score, "2-0"), (&game.sets, "3")] {
        // The pre-check looks again within a quarter of a second.
        let refused = world.betting().place(&Bet::on(market, key, account, 100)).await.unwrap_err();
        assert_eq!(parts(&refused), (ErrorCode::Conflict, "market_locked", "marketId"));
    }
    world.end().await;
}

#[sqlx::test]
async fn anothers_bet_can_neither_be_read_nor_cancelled(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let bet = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
    let read = world.betting().get(chovy, &bet.bet_id).await.unwrap_err();
    let cancelled = world.betting().cancel(chovy, &bet.bet_id).await.unwrap_err();
    for refused in [read, cancelled] {
        assert_eq!(parts(&refused), (ErrorCode::NotFound, "bet_not_found", ""));
    }
    assert_eq!(world.betting().get(faker, &bet.bet_id).await.unwrap(), bet);
    world.end().await;
}

#[sqlx::test]
async fn cancelling_succeeds_twice_and_ends_before_the_lock(pool: PgPool) {
    let world = World::start(&pool).await;
    let account = world.account("faker").await;
    let later = world.game().await;
    let bet = world.betting().bet(&Bet::on(&later.winner, "T1", account, 100)).await;
    for _ in 0..2 {
        let cancelled = world.betting().cancel(account, &bet.bet_id).await.unwrap();
        assert_eq!((cancelled.state(), cancelled.returned), (proto::BetState::Cancelled, 100));
    }
    let soon = world.game_in(TimeDelta::minutes(4)).await;
    let bet = world.betting().bet(&Bet::on(&soon.winner, "T1", account, 100)).await;
    let refused = world.betting().cancel(account, &bet.bet_id).await.unwrap_err();
    assert_eq!(parts(&refused), (ErrorCode::Conflict, "cancel_window_closed", ""));
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 900);
    world.end().await;
}

#[sqlx::test]
async fn a_market_is_settled_only_when_locked_once_and_on_its_own_outcome(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let account = world.account("faker").await;
    admin.bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    assert_eq!(admin.settle(&game.winner, "T1").await.unwrap_err().reason, "market_open");
    admin.lock(&game.winner).await.unwrap();
    admin.lock(&game.winner).await.unwrap();
    let foreign = game.score.outcomes[0].outcome_id.as_str();
    let refused = admin.settle(&game.winner, foreign).await.unwrap_err();
    assert_eq!(parts(&refused), (ErrorCode::Invalid, "outcome_not_in_market", "outcomeId"));
    admin.settle(&game.winner, "T1").await.unwrap();
    admin.settle(&game.winner, "T1").await.unwrap();
    assert_eq!(admin.settle(&game.winner, "GEN").await.unwrap_err().reason, "already_settled");
    assert_eq!(admin.void(&game.winner).await.unwrap_err().reason, "already_settled");
    assert_eq!(admin.lock(&game.winner).await.unwrap_err().reason, "market_closed");

    admin.void(&game.score).await.unwrap();
    admin.void(&game.score).await.unwrap();
    assert_eq!(admin.settle(&game.score, "2-0").await.unwrap_err().reason, "already_void");
    world.end().await;
}

#[sqlx::test]
async fn a_list_is_asked_for_within_its_limits(pool: PgPool) {
    let world = World::start(&pool).await;
    let list = async |matches: usize, limit: i32, cursor: &str| {
        let match_ids = (0..matches).map(|_| MarketId::fresh().to_string()).collect();
        let request = proto::ListMarketsRequest { match_ids, limit, cursor: cursor.to_owned() };
        let listed = world.betting().betting.clone().list_markets(request).await;
        listed.map(|_| ()).map_err(|status| Error::from(status).reason)
    };
    assert_eq!(list(100, 100, "").await, Ok(()));
    assert_eq!(list(101, 10, "").await, Err("too_many_matches".into()));
    assert_eq!(list(0, 101, "").await, Err("limit_out_of_range".into()));
    assert_eq!(list(0, 10, "page two").await, Err("cursor_malformed".into()));

    let bets = vec![proto::PlaceBet::default(); 1_001];
    let refused = world.betting().betting.clone().place_bets(PlaceBetsRequest { bets }).await;
    assert_eq!(Error::from(refused.unwrap_err()).reason, "too_many_bets");
    world.end().await;
}

#[sqlx::test]
async fn an_admins_question_is_checked_and_made_once(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let question = CreateMarketRequest {
        idempotency_key: IdempotencyKey::fresh().to_string(),
        match_id: game.fixture.match_id.to_string(),
        question_en: "first blood?".into(),
        question_ko: "퍼스트 블러드?".into(),
        outcomes: ["T1", "GEN"]
            .map(|label| CustomOutcome { label_en: label.into(), label_ko: label.into() })
            .into(),
    };
    let create = async |request: CreateMarketRequest| {
        let created = world.betting().admin.clone().create_market(request).await;
        created
            .map(|response| response.into_inner().market.unwrap())
            .map_err(|status| Error::from(status).reason)
    };
    let market = create(question.clone()).await.unwrap();
    assert_eq!((market.template(), market.state()), (proto::Template::Custom, MarketState::Open));
    assert_eq!(create(question.clone()).await.unwrap(), market);
    let with = |change: &dyn Fn(&mut CreateMarketRequest)| {
        let mut request = question.clone();
        change(&mut request);
        request
    };
    for (request, reason) in [
        (with(&|q| q.question_en = "first tower?".into()), "idempotency_key_reused"),
        (with(&|q| q.question_en = String::new()), "text_out_of_range"),
        (with(&|q| q.question_ko = "\u{0}".into()), "text_out_of_range"),
        (with(&|q| q.outcomes.truncate(1)), "outcomes_out_of_range"),
        (with(&|q| q.outcomes[1] = q.outcomes[0].clone()), "outcomes_repeated"),
        (
            with(&|q| {
                q.match_id = MarketId::fresh().to_string();
                q.idempotency_key = IdempotencyKey::fresh().to_string();
            }),
            "match_not_found",
        ),
    ] {
        assert_eq!(create(request).await.unwrap_err(), reason);
    }
    world.feed.say(game.fixture.in_progress(2));
    world.until_heard().await;
    let late = with(&|q| q.idempotency_key = IdempotencyKey::fresh().to_string());
    assert_eq!(create(late).await.unwrap_err(), "match_started");
    world.end().await;
}
