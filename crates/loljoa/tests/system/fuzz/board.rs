//! Which markets there are, as bettors find them.

use uuid::Uuid;

use super::contests::Contest;
use crate::support::{
    Http,
    api::{Market, Page},
};

/// What takes bets at present.
pub(super) async fn open(http: &Http) -> Vec<Market> {
    not_over(http).await.into_iter().filter(is_open).collect()
}

/// What takes bets or waits.
pub(super) async fn not_over(http: &Http) -> Vec<Market> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/betting/markets?limit=100{cursor}");
        let page: Page<Market> = http.get(&path).await.ok();
        all.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What takes bets about whole stages, by way of the league's questions.
pub(super) async fn about_stages(http: &Http) -> Vec<Market> {
    let questions = questions(http).await;
    let open: Vec<Uuid> =
        questions.iter().filter(|it| it.state == "scheduled").map(|it| it.question_id).collect();
    let mut all = Vec::new();
    for some in open.chunks(20) {
        let asked = some.iter().map(|id| format!("matchId={id}")).collect::<Vec<_>>().join("&");
        let page: Page<Market> = http.get(&format!("/api/betting/markets?limit=100&{asked}")).await.ok();
        all.extend(page.items.into_iter().filter(is_open));
    }
    all
}

/// What the league asks about whole stages.
pub(super) async fn questions(http: &Http) -> Vec<Contest> {
    let page: Page<Contest> = http.get("/api/league/questions").await.ok();
    assert_eq!(page.next_cursor, None, "all questions are on one page");
    page.items
}

fn is_open(market: &Market) -> bool {
    market.state == "open"
}
