use loljoa_service_kit::ids;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Http, Reply,
    api::{Account, Bet, Market, Page, Session, StatementLine},
    asked,
};

/// The password of every bettor.
pub(crate) const PASSWORD: &str = "hide on bush 2013";

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct Bettor {
    pub(crate) http: Http,
    pub(crate) account_id: Uuid,
    pub(crate) username: String,
    pub(crate) token: String,
}

impl Bettor {
    /// A new account that has looked at itself once, so that its grant of the day is not under way during the story.
    pub(crate) async fn sign_up(http: &Http, username: &str) -> Self {
        let credentials = json!({ "username": username, "password": PASSWORD });
        let bettor = Self::from_session(http, http.post("/api/account/signup", &credentials).await.ok());
        bettor.me().await;
        bettor
    }

    pub(crate) fn from_session(http: &Http, session: Session) -> Self {
        let Session { account, access_token } = session;
        Self {
            http: http.with_token(&access_token),
            account_id: account.account_id,
            username: account.username,
            token: access_token,
        }
    }

    /// The same user at another gateway.
    pub(crate) fn at(&self, gateway: &Http) -> Self {
        Self { http: gateway.with_token(&self.token), ..self.clone() }
    }

    /// A bet that has to stand.
    pub(crate) async fn bet(&self, market: &Market, key: &str, stake: i64) -> Bet {
        let bet: Bet = self.try_bet(ids::fresh(), market, key, stake).await.ok();
        assert_eq!((bet.state.as_str(), bet.stake), ("accepted", stake));
        bet
    }

    /// A bet under a key of the story's choice, however it is answered.
    pub(crate) async fn try_bet(
        &self,
        idempotency_key: Uuid,
        market: &Market,
        key: &str,
        stake: i64,
    ) -> Reply {
        let request = self.bet_request(idempotency_key, market, key, stake);
        asked::send(self.account_id, idempotency_key, request).await
    }

    /// The request of a bet, not sent yet.
    pub(crate) fn bet_request(
        &self,
        idempotency_key: Uuid,
        market: &Market,
        key: &str,
        stake: i64,
    ) -> RequestBuilder {
        asked::note(self.account_id, idempotency_key);
        let outcome_id = market.outcome(key).outcome_id;
        let body = json!({ "marketId": market.market_id, "outcomeId": outcome_id, "stake": stake });
        let request = self.http.request(Method::POST, "/api/betting/bets");
        request.header("Idempotency-Key", idempotency_key.to_string()).json(&body)
    }

    /// A bet with whatever body.
    pub(crate) async fn bet_with(&self, body: &Value) -> Reply {
        let key = ids::fresh();
        let request = self.http.request(Method::POST, "/api/betting/bets");
        let request = request.header("Idempotency-Key", key.to_string()).json(body);
        asked::send(self.account_id, key, request).await
    }

    pub(crate) async fn cancel(&self, bet_id: Uuid) -> Reply {
        self.http.delete(&format!("/api/betting/bets/{bet_id}")).await
    }

    pub(crate) async fn see(&self, bet_id: Uuid) -> Reply {
        self.http.get(&format!("/api/betting/bets/{bet_id}")).await
    }

    pub(crate) async fn me(&self) -> Account {
        self.http.get("/api/account/me").await.ok()
    }

    /// The whole statement, newest first: kind and points.
    pub(crate) async fn statement(&self) -> Vec<(String, i64)> {
        let lines: Vec<StatementLine> = self.pages("/api/account/me/transfers?limit=100").await;
        lines.into_iter().map(|line| (line.kind, line.points)).collect()
    }

    /// All own bets.
    pub(crate) async fn bets(&self) -> Vec<Bet> {
        self.pages("/api/betting/bets?limit=100").await
    }

    async fn pages<T: serde::de::DeserializeOwned>(&self, path: &str) -> Vec<T> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let Page { items, next_cursor } = self.http.get(&format!("{path}{cursor}")).await.ok();
            all.extend(items);
            match next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}
