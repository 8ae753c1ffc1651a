//! What the admin does to markets.

use rand::{RngExt, seq::IndexedRandom};
use serde_json::json;
use uuid::Uuid;

use super::Desk;
use crate::{fuzz::board, support::api::Market};

const ABOUT_STAGES: [&str; 2] = ["champion", "first"];

impl Desk {
    /// Voids the admin's own questions, which nobody else ends.
    pub(in crate::fuzz) async fn end_own(&mut self) {
        while let Some(market) = self.a_market(&["custom"]).await {
            let reply = self.admin.void(market.market_id).await;
            assert!([200, 409].contains(&reply.status), "{}", reply.text);
        }
    }

    pub(super) async fn ask(&mut self) {
        let at = self.choose();
        let match_id = self.lines[at].match_id();
        let text = |text: &str| json!({ "en": text, "ko": text });
        let market = json!({ "matchId": match_id, "question": text("First blood?"), "outcomes": [text("blue"), text("red")] });
        let key = Uuid::from_u128(self.random.random());
        let reply = self.admin.http.post_with_key("/api/betting/markets", key, &market).await;
        self.done("own question", &reply);
    }

    /// A market that takes bets or waits, of one of these templates if there are any.
    async fn a_market(&mut self, templates: &[&str]) -> Option<Market> {
        let all = board::not_over(&self.admin.http).await;
        let is_meant =
            |market: &Market| templates.is_empty() || templates.contains(&market.template.as_str());
        let choice: Vec<_> = all.into_iter().filter(is_meant).collect();
        choice.choose(&mut self.random).cloned()
    }

    pub(super) async fn act_on_a_market(&mut self, act: &'static str) {
        let templates = if self.random.random_ratio(1, 4) { &ABOUT_STAGES[..] } else { &[] };
        let Some(market) = self.a_market(templates).await else { return };
        let reply = match act {
            "lock" => self.admin.lock(market.market_id).await,
            _ => self.admin.void(market.market_id).await,
        };
        if self.done(act, &reply) && act == "lock" {
            self.locked.insert(market.market_id);
        }
    }

    pub(super) async fn settle_own(&mut self) {
        let Some(market) = self.a_market(&["custom"]).await else { return };
        self.admin.lock(market.market_id).await;
        self.locked.insert(market.market_id);
        let outcome = market.outcomes.choose(&mut self.random).unwrap();
        let reply = self.admin.settle(market.market_id, outcome.outcome_id).await;
        self.done("own question settled", &reply);
    }
}
