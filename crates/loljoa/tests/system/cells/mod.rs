//! Two cells of account and two of betting: accounts and markets spread over databases of their own.

mod away;
mod edge;
mod foreign;
mod recovery;
mod settlement;
mod status;

use loljoa::{
    audit::{self, Books, Options},
    progress::Progress,
};
use loljoa_service_kit::{Cell, MatchId, Slot};

use crate::support::{App, Bettor, Cup, Game, TestDatabases, eventually};

const OF: u16 = 2;

/// A system of two by two cells, a match in each cell of betting, and two bettors in each cell of account.
struct Story {
    app: App,
    cup: Cup,
    /// One for each cell of betting.
    games: [Game; 2],
    /// Two for each cell of account.
    bettors: [[Bettor; 2]; 2],
}

impl Story {
    async fn begin() -> Self {
        Self::begin_with(|_| ()).await
    }

    async fn begin_with(change: impl FnOnce(&mut loljoa::system::Options)) -> Self {
        let app = App::start_in_cells(change).await;
        let mut cup = Cup::of(&app).await;
        let games = [game_in(&mut cup, 0).await, game_in(&mut cup, 1).await];
        let bettors = [bettors_in(&app, 0).await, bettors_in(&app, 1).await];
        Self { app, cup, games, bettors }
    }

    fn everybody(&self) -> impl Iterator<Item = &Bettor> {
        self.bettors.iter().flatten()
    }
}

/// A match whose markets belong to this cell of betting.
async fn game_in(cup: &mut Cup, index: u16) -> Game {
    loop {
        let game = cup.game().await;
        if (Cell { index, of: OF }).owns(Slot::of_match(MatchId(game.match_id))) {
            return game;
        }
    }
}

/// Two bettors whose names belong to this cell of account.
async fn bettors_in(app: &App, index: u16) -> [Bettor; 2] {
    let [one, other] = names_in(index);
    [app.sign_up(&one).await, app.sign_up(&other).await]
}

/// Two names that belong to this cell of account.
fn names_in(index: u16) -> [String; 2] {
    let mut names =
        (0..).map(|n| format!("bettor_{n}")).filter(|name| Cell { index, of: OF }.owns(Slot::of_name(name)));
    std::array::from_fn(|_| names.next().unwrap())
}

async fn number(pool: &sqlx::PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// Waits until nothing is under way in any cell. Then all balances of every cell sum to zero, no pool holds anything for a market that
/// is over, clearing accounts cancel each other out, and the audit over all cells finds no difference.
async fn all_is_accounted_for(db: &TestDatabases) {
    eventually("coming to rest", async || {
        for betting in &db.bettings {
            let busy = "SELECT (SELECT count(*) FROM owed) + (SELECT count(*) FROM corrections WHERE done_at IS NULL)
                + (SELECT count(*) FROM markets WHERE state IN ('settling', 'voiding')
                    OR (state = 'locked' AND decided_outcome_id IS NOT NULL))";
            if number(betting, busy).await > 0 {
                return None;
            }
        }
        Some(())
    })
    .await;
    let mut cleared = 0;
    for account in &db.accounts {
        let sum = "SELECT ((SELECT sum(balance) FROM user_balances) + (SELECT sum(balance) FROM system_balances))::bigint";
        assert_eq!(number(account, sum).await, 0, "each cell sums to nothing");
        let clearing =
            "SELECT coalesce(sum(balance), 0)::bigint FROM system_balances WHERE ledger_id = clearing()";
        cleared += number(account, clearing).await;
    }
    assert_eq!(cleared, 0, "clearing accounts cancel each other out");
    let pools = |of: &[sqlx::PgPool]| (of[0].clone(), of[1..].to_vec());
    let ((account, further_account), (betting, further_betting)) = (pools(&db.accounts), pools(&db.bettings));
    let books = Books { account, betting, further_account, further_betting };
    let report = audit::run(&books, Options::default(), &Progress::of("auditing", true)).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}
