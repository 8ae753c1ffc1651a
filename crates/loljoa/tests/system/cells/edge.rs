//! What a user sees of cells: nothing.

use loljoa_service_kit::{AccountId, MarketId, Slot, ids};
use serde::Deserialize;
use serde_json::json;

use super::{Story, all_is_accounted_for, number};
use crate::support::{
    Bettor, PASSWORD,
    api::{Account, Bet, Market, Page, Session},
};

#[derive(Deserialize)]
struct Leaderboard {
    items: Vec<Account>,
    own: Option<Account>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_markets_land_in_their_cells_and_everybody_bets_everywhere() {
    let story = Story::begin().await;
    for (index, account) in story.app.db.accounts.iter().enumerate() {
        let users = "SELECT count(*) FROM users WHERE role = 'user'";
        assert_eq!(number(account, users).await, 2, "users of cell {index}");
    }
    for (index, betting) in story.app.db.bettings.iter().enumerate() {
        let matches = number(betting, "SELECT count(DISTINCT match_id) FROM markets").await;
        assert!(matches > 0, "matches of cell {index}");
        let [game, other] = [&story.games[index], &story.games[1 - index]];
        for (game, there) in [(game, 1), (other, 0)] {
            let known: i64 = sqlx::query_scalar("SELECT count(*) FROM markets WHERE market_id = $1")
                .bind(game.winner.market_id)
                .fetch_one(betting)
                .await
                .unwrap();
            assert_eq!(known, there);
        }
        assert!(Slot::told_by(game.winner.market_id).is_some());
    }
    for bettor in story.everybody() {
        assert!(Slot::told_by(bettor.account_id).is_some());
        for game in &story.games {
            bettor.bet(&game.winner, "T1", 150).await;
        }
        assert_eq!((bettor.me().await.points, bettor.me().await.staked), (1_200, 300));
    }
    for game in &story.games {
        assert_eq!(story.cup.look(&game.winner).await.pool, 600, "stakes of both cells make one pool");
    }
    all_is_accounted_for(&story.app.db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_bet_in_whichever_cell_its_market_is() {
    let story = Story::begin().await;
    for (bettor, [game, other]) in story.everybody().zip([[0, 1], [1, 0], [0, 1], [1, 0]]) {
        let (game, other) = (&story.games[game], &story.games[other]);
        let key = ids::fresh();
        let bet: Bet = bettor.try_bet(key, &game.winner, "T1", 200).await.ok();
        let again = bettor.try_bet(key, &other.winner, "T1", 200).await;
        assert_eq!(again.refusal(), (409, "idempotency_key_reused".to_owned()));
        assert_eq!(bettor.try_bet(key, &game.winner, "T1", 200).await.ok::<Bet>().bet_id, bet.bet_id);
        assert_eq!(bettor.me().await.points, 1_300);
    }
    all_is_accounted_for(&story.app.db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_lists_and_ranks_are_those_of_one_system() {
    let story = Story::begin().await;
    let http = &story.app.http;
    for bettor in story.everybody() {
        let credentials = json!({ "username": bettor.username.to_uppercase(), "password": PASSWORD });
        let reply = http.post("/api/account/login", &credentials).await;
        let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(reply.ok::<Session>().account.account_id, bettor.account_id);
        let refresh = http.request(reqwest::Method::POST, "/api/account/refresh").header("Cookie", cookie);
        let refreshed = crate::support::Reply::to(refresh).await;
        assert_eq!(refreshed.ok::<Session>().account.account_id, bettor.account_id);
        let taken = json!({ "username": bettor.username, "password": PASSWORD });
        assert_eq!(http.post("/api/account/signup", &taken).await.refusal().1, "username_taken");
    }
    // Two win, one of each cell; the others lose.
    let [[one, two], [three, four]] = &story.bettors;
    for (bettor, stake) in [(one, 200), (three, 100)] {
        bettor.bet(&story.games[0].winner, "T1", stake).await;
    }
    for (bettor, stake) in [(two, 300), (four, 200)] {
        bettor.bet(&story.games[0].winner, "GEN", stake).await;
    }
    story.cup.settle(&story.games[0].winner, "T1").await;
    ranks(http, one, &[(one, 1), (three, 2), (four, 4), (two, 5)]).await;

    let bets = lists(&story, one).await;
    let kinds: Vec<_> = one.statement().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "stake").count(), bets.len());
    let stranger = three.see(bets[0].bet_id).await;
    assert_eq!(stranger.refusal(), (404, "bet_not_found".to_owned()));
    all_is_accounted_for(&story.app.db).await;
}

/// Bets in both cells in turn: the list is newest first, in pages of any size, and each bet is found and can be taken back.
async fn lists(story: &Story, bettor: &Bettor) -> Vec<Bet> {
    for n in 0..6 {
        bettor.bet(&story.games[n % 2].sets, "2", 100).await;
    }
    let whole = bettor.bets().await;
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 5] {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/betting/bets?limit={limit}{cursor}");
            let Page { items, next_cursor }: Page<Bet> = bettor.http.get(&path).await.ok();
            assert!(items.len() <= limit);
            paged.extend(items);
            let Some(next) = next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole, "pages of {limit}");
    }
    let cells: Vec<_> =
        whole.iter().map(|bet| Slot::of_market(MarketId(bet.market_id)).number() / 2_048).collect();
    assert_eq!(cells[..6], [1, 0, 1, 0, 1, 0], "newest first");
    for bet in &whole[..2] {
        assert_eq!(bettor.see(bet.bet_id).await.ok::<Bet>().bet_id, bet.bet_id);
        assert_eq!(bettor.cancel(bet.bet_id).await.ok::<Bet>().state, "cancelled");
    }
    let open: Page<Market> = bettor.http.get("/api/betting/markets?limit=100").await.ok();
    let matches = |index: usize| open.items.iter().any(|it| it.match_id == story.games[index].match_id);
    assert!(matches(0) && matches(1), "markets of both cells are listed");
    whole
}

/// The leaderboard, and what each sees of its own rank. Ranks are some seconds old; admins have a place, too.
async fn ranks(http: &crate::support::Http, asking: &Bettor, expected: &[(&Bettor, i64)]) {
    crate::support::eventually("counting ranks anew", async || {
        for (bettor, rank) in expected {
            if bettor.me().await.rank != *rank {
                return None;
            }
        }
        Some(())
    })
    .await;
    let board: Leaderboard = http.with_token(&asking.token).get("/api/account/leaderboard").await.ok();
    let own = board.own.unwrap();
    assert_eq!((own.account_id, own.rank), (asking.account_id, 1));
    let of = |bettor: &Bettor| board.items.iter().position(|it| it.account_id == bettor.account_id).unwrap();
    for (bettor, rank) in expected {
        assert_eq!(board.items[of(bettor)].rank, *rank, "{}", bettor.username);
    }
    let order: Vec<_> = board.items.iter().map(|account| account.profit).collect();
    assert!(order.is_sorted_by(|one, other| one >= other), "{order:?}");
    assert!(board.items.iter().all(|account| Slot::of_account(AccountId(account.account_id)) != Slot::FIRST));
}
