//! What is to be the same of two matches, or of two questions about stages, that have seen the same changes.

use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    fuzz::{
        contests::Contest,
        view::{Game, Market, View},
    },
    support::TestDatabases,
};

const BETS: &str =
    "SELECT account_id, coalesce(asks, m.template) AS template, question_en, key, stake, b.state, returned
    FROM bets b JOIN markets m USING (market_id) JOIN outcomes o USING (outcome_id)
    WHERE m.match_id = $1 ORDER BY 2, 3, 1, 4, 5";

/// A match or a question and its markets, without ids and without how often they have changed.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    what: String,
    /// Without the withdrawn ones that nobody has bet on: after two changes a question may have been asked in between, and taken
    /// back, that is never asked in the other order.
    markets: Vec<String>,
    bets: Vec<Bet>,
}

#[derive(Debug, PartialEq, FromRow)]
struct Bet {
    account_id: Uuid,
    template: String,
    question_en: String,
    key: String,
    stake: i64,
    state: String,
    returned: i64,
}

impl Seen {
    pub(super) async fn of(db: &TestDatabases, view: &View, id: Uuid) -> Self {
        let game =
            view.games.get(&id).map(|game| Game { match_id: Uuid::nil(), revision: 0, ..game.clone() });
        let contest = view.contests.iter().find(|contest| contest.question_id == id);
        let mut bets: Vec<Bet> = sqlx::query_as(BETS).bind(id).fetch_all(&db.betting).await.unwrap();
        let is_seen = |market: &&Market| !market.withdrawn || market.bets > 0;
        let mut markets: Vec<_> = view.of_match(id).iter().filter(is_seen).map(shown).collect();
        // A question about a stage begins with its tournament, which is the twin's own.
        for text in markets.iter_mut().chain(bets.iter_mut().map(|bet| &mut bet.question_en)) {
            *text = contest.map_or_else(|| text.clone(), |contest| text.replace(&contest.tournament, "Cup"));
        }
        markets.sort();
        Self { what: format!("{game:?}, {:?}", contest.map(Contest::told)), markets, bets }
    }
}

fn shown(market: &Market) -> String {
    let Market { template, question_en, state, pool, pools, withdrawn, void_reason, keys, answer, .. } =
        market;
    let lock = market.is_open().then_some(market.lock_at);
    let told = if market.is_told { ", a person is told" } else { "" };
    format!(
        "{template} {question_en} {state}, pool {pool} {pools:?}, withdrawn {withdrawn} {void_reason:?}, {keys:?}, \
        answer {answer:?}, lock {lock:?}{told}"
    )
}
