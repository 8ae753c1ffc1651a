//! A whole season of LCK 2022 Spring, replayed in seconds, with fifty bettors who do everything that bettors do.

mod board;
mod history;

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use loljoa::system::Replay;
use uuid::Uuid;

use self::board::Board;
use crate::{
    promises::{self, Books, Sampler},
    support::{
        App, Bettor, Http, RandomBettor,
        api::{Account, Match, Page, Standing, Tournament},
        eventually,
    },
};

const BETTORS: u64 = 50;
const INTERVAL: Duration = Duration::from_millis(100);
const CANCEL_WINDOW: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_season_keeps_every_promise() {
    let app = App::start_with(|options| {
        options.replay = Some(Replay { interval: INTERVAL, start_week: Some(1) });
        options.cancel_window = CANCEL_WINDOW;
    })
    .await;
    let sampler = Sampler::start(&app.db);
    let board = Board::follow(&app.http);
    let bettors = join_all((0..BETTORS).map(|seed| play(&app, seed, &board))).await;
    sampler.stop().await;

    every_match_is_over(&app.http).await;
    let books = promises::all_hold(&app.db).await;
    every_market_ended_as_its_match_did(&books, &app.http).await;
    assert!(books.bets.len() >= bettors.len(), "only {} bets came in", books.bets.len());
    for bettor in &bettors {
        bettor.finds_all_as_it_was_told().await;
    }
    the_table_is_that_of_history(&app.http).await;
    profits_are_what_was_paid(&app.http, &books, &bettors).await;
}

async fn play(app: &App, seed: u64, board: &Board) -> RandomBettor {
    let bettor = app.sign_up(&format!("bettor_{seed}")).await;
    RandomBettor::new(bettor, seed).play(board.watch()).await
}

async fn tournaments(http: &Http) -> Vec<Tournament> {
    http.get("/api/league/tournaments").await.ok::<Page<Tournament>>().items
}

async fn every_match_is_over(http: &Http) {
    eventually("the end of the replay", async || {
        let finished = |tournament: &Tournament| tournament.replay_state.as_deref() == Some("finished");
        tournaments(http).await.iter().all(finished).then_some(())
    })
    .await;
    let mut states = BTreeMap::new();
    for found in matches(http).await.into_values() {
        *states.entry(found.state).or_insert(0) += 1;
    }
    assert_eq!(states, BTreeMap::from([("completed".to_owned(), 95), ("forfeited".to_owned(), 1)]));
}

async fn matches(http: &Http) -> BTreeMap<Uuid, Match> {
    let page: Page<Match> = http.get("/api/league/matches?limit=100").await.ok();
    assert_eq!(page.next_cursor, None);
    page.items.into_iter().map(|found| (found.match_id, found)).collect()
}

/// Who won the playoffs of the bundled season.
const CHAMPION: &str = "T1";

/// Markets settle on what their match's score says, forfeits void theirs, and so does a result that nobody bet on.
async fn every_market_ended_as_its_match_did(books: &Books, http: &Http) {
    let matches = matches(http).await;
    let keys: BTreeMap<Uuid, &str> =
        books.outcomes.iter().map(|outcome| (outcome.outcome_id, outcome.key.as_str())).collect();
    for market in books.markets.values() {
        let of = matches.get(&market.match_id);
        // Who wins the playoffs is asked of no match.
        let state = of.map_or("completed", |of| of.state.as_str());
        let right = of.map_or_else(|| CHAMPION.to_owned(), |of| right_answer(of, &market.template));
        assert_eq!(of.is_none(), market.asks.as_deref() == Some("champion"), "{market:?}");
        match (state, market.state.as_str()) {
            ("forfeited", "void") => assert_eq!(market.void_reason.as_deref(), Some("forfeit")),
            ("completed", "settled") => {
                assert_eq!(keys[&market.settled_outcome_id.unwrap()], right, "{market:?}");
            }
            ("completed", "void") => {
                assert_eq!(market.void_reason.as_deref(), Some("no_winning_stake"));
                assert!(nobody_was_right(books, market.market_id, &right), "{market:?}");
            }
            _ => panic!("{market:?} of {of:?}"),
        }
    }
}

fn right_answer(of: &Match, template: &str) -> String {
    let (team1, team2) = (of.team1.as_ref().unwrap(), of.team2.as_ref().unwrap());
    match template {
        "match_winner" if of.winner_id == Some(team1.team_id) => team1.code.clone(),
        "match_winner" => team2.code.clone(),
        "exact_score" => format!("{}-{}", of.team1_wins, of.team2_wins),
        "total_sets" => (of.team1_wins + of.team2_wins).to_string(),
        other => panic!("nobody asked for {other}"),
    }
}

/// Whether nobody's bet stood on the right answer of a market.
fn nobody_was_right(books: &Books, market_id: Uuid, right: &str) -> bool {
    let mut outcomes = books.outcomes.iter().filter(|outcome| outcome.market_id == market_id);
    let outcome_id = outcomes.find(|outcome| outcome.key == right).map(|outcome| outcome.outcome_id);
    assert!(outcome_id.is_some(), "{right} is no outcome");
    books.bets_on(market_id).all(|bet| bet.outcome_id != outcome_id || bet.state != "void")
}

async fn the_table_is_that_of_history(http: &Http) {
    let tournaments = tournaments(http).await;
    let spring = tournaments.iter().find(|tournament| tournament.name == "LCK 2022 Spring").unwrap();
    let path = format!("/api/league/standings?tournament={}", spring.tournament_id);
    let table: Page<Standing> = http.get(&path).await.ok();
    let table: Vec<_> = table
        .items
        .iter()
        .map(|row| (row.rank, row.team.code.as_str(), row.wins, row.losses, row.game_difference))
        .collect();
    assert_eq!(table, history::SPRING);
}

/// What is won from the others is lost by the others: the leaderboard's profits sum to zero, are those of the books and
/// are in order.
async fn profits_are_what_was_paid(http: &Http, books: &Books, bettors: &[RandomBettor]) {
    let ranked = leaderboard(http).await;
    assert_eq!(ranked.iter().map(|account| account.profit).sum::<i64>(), 0);
    assert!(ranked.is_sorted_by_key(|account| -account.profit));
    for account in &ranked {
        let better = ranked.iter().filter(|other| other.profit > account.profit).count();
        assert_eq!(account.rank, i64::try_from(better).unwrap() + 1, "{account:?}");
        let row = books.users.iter().find(|user| user.account_id == account.account_id).unwrap();
        assert_eq!((account.points, account.staked, account.profit), (row.balance, row.staked, row.profit));
    }
    for bettor in bettors.iter().map(RandomBettor::bettor) {
        let Bettor { username, account_id, .. } = bettor;
        assert!(
            ranked.iter().any(|account| account.account_id == *account_id && account.username == *username)
        );
    }
}

async fn leaderboard(http: &Http) -> Vec<Account> {
    let page: Page<Account> = http.get("/api/account/leaderboard?limit=100").await.ok();
    assert_eq!(page.next_cursor, None);
    page.items
}
