use loljoa_service_kit::ids;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Bettor, Http, Reply, api::Market};

/// Somebody who may do everything.
pub(crate) struct Admin {
    pub(crate) http: Http,
}

impl Admin {
    /// Logs in and looks at the account once, so that its grant of the day is not under way during the story.
    pub(crate) async fn log_in(http: &Http, username: &str, password: &str) -> Self {
        let credentials = json!({ "username": username, "password": password });
        let session = http.post("/api/account/login", &credentials).await.ok();
        let admin = Bettor::from_session(http, session);
        admin.me().await;
        Self { http: admin.http }
    }

    pub(crate) async fn import(&self, season: &serde_json::Value) -> Reply {
        self.http.post("/api/league/import", season).await
    }

    /// A file as it is written, which need not be one.
    pub(crate) async fn import_text(&self, file: String) -> Reply {
        let request = self.http.request(Method::POST, "/api/league/import");
        Reply::to(request.header("Content-Type", "application/json").body(file)).await
    }

    pub(crate) async fn result(&self, match_id: Uuid, team1_wins: i32, team2_wins: i32) -> Reply {
        let result = json!({ "team1Wins": team1_wins, "team2Wins": team2_wins });
        self.http.post(&format!("/api/league/matches/{match_id}/result"), &result).await
    }

    pub(crate) async fn update_match(&self, match_id: Uuid, change: &serde_json::Value) -> Reply {
        self.http.patch(&format!("/api/league/matches/{match_id}"), change).await
    }

    /// A question of one's own about a match, with two answers.
    pub(crate) async fn ask(&self, match_id: Uuid) -> Market {
        let text = |text: &str| json!({ "en": text, "ko": text });
        let market = json!({
            "matchId": match_id,
            "question": text("First blood?"),
            "outcomes": [text("blue"), text("red")],
        });
        self.http.post_with_key("/api/betting/markets", ids::fresh(), &market).await.ok()
    }

    pub(crate) async fn lock(&self, market_id: Uuid) -> Reply {
        self.market(market_id, "lock", &json!({})).await
    }

    pub(crate) async fn settle(&self, market_id: Uuid, outcome_id: Uuid) -> Reply {
        self.market(market_id, "settle", &json!({ "outcomeId": outcome_id })).await
    }

    pub(crate) async fn void(&self, market_id: Uuid) -> Reply {
        self.market(market_id, "void", &json!({})).await
    }

    async fn market(&self, market_id: Uuid, action: &str, body: &serde_json::Value) -> Reply {
        self.http.post(&format!("/api/betting/markets/{market_id}/{action}"), body).await
    }
}
