//! What is open now, read once for all bettors.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time};
use tokio_util::task::AbortOnDropHandle;

use crate::support::{
    Http,
    api::{Market, Page, Tournament},
};

const ROUND: Duration = Duration::from_millis(60);
/// Markets that lock next, so that the points come back soon.
const NEXT: usize = 15;

/// The markets that lock next, from now until the season's end.
pub(super) struct Board {
    open: watch::Receiver<Arc<Vec<Market>>>,
    _reader: AbortOnDropHandle<()>,
}

impl Board {
    pub(super) fn follow(http: &Http) -> Self {
        let (sender, open) = watch::channel(Arc::default());
        let reader = tokio::spawn(read(http.clone(), sender));
        Self { open, _reader: AbortOnDropHandle::new(reader) }
    }

    /// Changes with each round and closes at the season's end.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<Vec<Market>>> {
        self.open.clone()
    }
}

async fn read(http: Http, board: watch::Sender<Arc<Vec<Market>>>) {
    loop {
        let tournaments: Page<Tournament> = http.get("/api/league/tournaments").await.ok();
        let finished = |tournament: &Tournament| tournament.replay_state.as_deref() == Some("finished");
        let over = !tournaments.items.is_empty() && tournaments.items.iter().all(finished);
        let mut open = live_markets(&http).await;
        if over && open.is_empty() {
            return;
        }
        open.retain(|market| market.state == "open");
        open.sort_by_key(|market| (market.lock_at, market.market_id));
        open.truncate(NEXT);
        board.send_replace(Arc::new(open));
        time::sleep(ROUND).await;
    }
}

async fn live_markets(http: &Http) -> Vec<Market> {
    let mut all = Vec::new();
    let mut path = "/api/betting/markets?limit=100".to_owned();
    loop {
        let page: Page<Market> = http.get(&path).await.ok();
        all.extend(page.items);
        match page.next_cursor {
            Some(cursor) => path = format!("/api/betting/markets?limit=100&cursor={cursor}"),
            None => return all,
        }
    }
}
