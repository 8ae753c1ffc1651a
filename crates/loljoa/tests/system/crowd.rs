//! A thousand bets on one outcome at once: the load at which 60 % of them failed in 2022.

use std::collections::BTreeMap;

use futures::{StreamExt, future::join_all, stream};
use loljoa_service_kit::ids;
use uuid::Uuid;

use crate::{
    promises::{self, Sampler},
    support::{App, Bettor, Cup, Game, Reply, api::Bet},
};

const CROWD: usize = 1_000;
const STAKE: i64 = 100;

/// A request of the crowd, and what has to come of it.
struct Request {
    bettor: Bettor,
    key: Uuid,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Good,
    /// More than anybody has.
    TooMuch,
    /// Below the least.
    TooLittle,
    /// On a market that is closed.
    Closed,
    /// Another request under the key of a bet that stands.
    Changed,
}

impl Kind {
    /// One in twenty has to be refused, for one reason after another.
    const fn of(number: usize) -> Self {
        match number % 80 {
            19 => Self::TooMuch,
            39 => Self::TooLittle,
            59 => Self::Closed,
            79 => Self::Changed,
            _ => Self::Good,
        }
    }

    const fn refusal(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Good => None,
            Self::TooMuch => Some((409, "insufficient_points")),
            Self::TooLittle => Some((400, "stake_too_small")),
            Self::Closed => Some((409, "market_locked")),
            Self::Changed => Some((409, "idempotency_key_reused")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_users_bet_at_once() {
    let app = App::start().await;
    let names = (0..CROWD).map(|number| format!("user_{number}"));
    let sign_ups = names.map(|name| {
        let app = &app;
        async move { app.sign_up(&name).await }
    });
    let bettors: Vec<Bettor> = stream::iter(sign_ups).buffered(16).collect().await;
    bet_all_at_once(&app, bettors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_user_bets_a_thousand_times_at_once() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    app.fund(faker.account_id, 200_000).await;
    bet_all_at_once(&app, vec![faker; CROWD]).await;
}

/// All bet on one outcome at once. All are answered, each as it has to be; then all ask again and nothing changes.
async fn bet_all_at_once(app: &App, bettors: Vec<Bettor>) {
    let mut cup = Cup::of(app).await;
    let (game, closed) = (cup.game().await, cup.game().await);
    cup.admin().lock(closed.winner.market_id).await.ok::<serde_json::Value>();
    let sampler = Sampler::start(&app.db);

    let requests: Vec<Request> = bettors
        .into_iter()
        .enumerate()
        .map(|(number, bettor)| Request { bettor, key: ids::fresh(), kind: Kind::of(number) })
        .collect();
    for request in requests.iter().filter(|request| request.kind == Kind::Changed) {
        request.bettor.try_bet(request.key, &game.winner, "T1", STAKE).await.ok::<Bet>();
    }
    let first = all_at_once(&requests, &game, &closed).await;
    let again = all_at_once(&requests, &game, &closed).await;
    sampler.stop().await;

    let bets = check_answers(&requests, &first);
    assert_eq!(bets, check_answers(&requests, &again), "asking again changes nothing");
    let stands = requests.iter().filter(|request| matches!(request.kind, Kind::Good | Kind::Changed)).count();
    let pool = STAKE * i64::try_from(stands).unwrap();
    assert_eq!(cup.look(&game.winner).await.pool, pool);
    let books = promises::all_hold(&app.db).await;
    assert_eq!(books.bets.len(), stands, "none lost, none twice");
}

async fn all_at_once(requests: &[Request], game: &Game, closed: &Game) -> Vec<Reply> {
    let send = requests.iter().map(|Request { bettor, key, kind }| match kind {
        Kind::Good => bettor.try_bet(*key, &game.winner, "T1", STAKE),
        Kind::TooMuch => bettor.try_bet(*key, &game.winner, "T1", 1_000_000_000),
        Kind::TooLittle => bettor.try_bet(*key, &game.winner, "T1", STAKE - 1),
        Kind::Closed => bettor.try_bet(*key, &closed.winner, "T1", STAKE),
        Kind::Changed => bettor.try_bet(*key, &game.winner, "GEN", STAKE),
    });
    join_all(send).await
}

/// Every answer is the right one. Tells the bets, by key.
fn check_answers(requests: &[Request], replies: &[Reply]) -> BTreeMap<Uuid, Uuid> {
    let mut bets = BTreeMap::new();
    for (request, reply) in requests.iter().zip(replies) {
        if let Some((status, code)) = request.kind.refusal() {
            assert_eq!(reply.refusal(), (status, code.to_owned()), "{:?}", request.kind);
        } else {
            let bet: Bet = reply.ok();
            assert_eq!((bet.state.as_str(), bet.stake), ("accepted", STAKE));
            bets.insert(request.key, bet.bet_id);
        }
    }
    bets
}
