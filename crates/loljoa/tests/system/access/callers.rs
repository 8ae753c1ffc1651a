//! Everybody who calls, with the access tokens that they have.

use loljoa::system::ADMIN;
use loljoa_proto::account::v1::{
    LogInRequest, LogOutRequest, Session, account_service_client::AccountServiceClient,
};
use loljoa_service_kit::{Clock, grpc::Channel};
use loljoa_test_tokens::{Signer, claims, refusal, with};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::table::Caller;
use crate::support::{ADMIN_PASSWORD, App, PASSWORD, SEALING_KEY, eventually};

const LOG: &str = "/loljoa.admin.v1.AdminLogService/ListAdminActions";

pub(super) struct Callers {
    accounts: AccountServiceClient<Channel>,
    for_somebody_else: String,
    too_late: String,
    of_an_ended_session: String,
    of_a_removed_key: String,
}

impl Callers {
    /// Brings everybody about, at services whose admins are asked for by these channels, account's first.
    pub(super) async fn gather(app: &App, channels: [&Channel; 3]) -> Self {
        app.sign_up("faker").await;
        app.admin().await;
        let mut accounts = AccountServiceClient::new(channels[0].clone());
        let of_an_ended_session = ended(&mut accounts, channels).await;
        let (signer, good) = (key(&app.db.account).await, admin(&mut accounts).await);
        let of_a_removed_key = removed(&app.db.account, &good, channels).await;
        let past = json!(Clock::system().now().timestamp() - 1);
        Self {
            for_somebody_else: signer.sign(&with(good.clone(), "aud", json!("another"))),
            too_late: signer.sign(&with(good, "exp", past)),
            accounts,
            of_an_ended_session,
            of_a_removed_key,
        }
    }

    /// The token of a caller. Users and admins log in each time: the call before may have ended all that they had.
    pub(super) async fn token(&mut self, caller: Caller) -> Option<String> {
        Some(match caller {
            Caller::Nobody => return None,
            Caller::OfAUser => log_in(&mut self.accounts, "faker", PASSWORD).await.access_token,
            Caller::AnAdmin => log_in(&mut self.accounts, ADMIN, ADMIN_PASSWORD).await.access_token,
            Caller::ForSomebodyElse => self.for_somebody_else.clone(),
            Caller::TooLate => self.too_late.clone(),
            Caller::OfAnEndedSession => self.of_an_ended_session.clone(),
            Caller::OfARemovedKey => self.of_a_removed_key.clone(),
        })
    }
}

async fn log_in(accounts: &mut AccountServiceClient<Channel>, username: &str, password: &str) -> Session {
    let (username, password) = (username.to_owned(), password.to_owned());
    let request = LogInRequest { username, password, client_address: "203.0.113.7".to_owned() };
    accounts.log_in(request).await.unwrap().into_inner().session.unwrap()
}

/// What the token of an admin says whose session is open.
async fn admin(accounts: &mut AccountServiceClient<Channel>) -> Value {
    let token = log_in(accounts, ADMIN, ADMIN_PASSWORD).await.access_token;
    let now = Clock::system().now().timestamp();
    let said = loljoa_test_tokens::said(&token);
    let sure = with(with(claims("admin"), "sub", said["sub"].clone()), "sid", said["sid"].clone());
    with(sure, "exp", json!(now + 900))
}

/// Waits until every service answers this token with `expected`; `None` for what it answers an admin.
async fn until(channels: [&Channel; 3], token: &str, expected: Option<&str>) {
    for channel in channels {
        eventually("what was revoked being known", async || {
            let refused = refusal(channel, LOG, Some(token)).await.map(|(_, reason)| reason);
            (refused.as_deref() == expected).then_some(())
        })
        .await;
    }
}

/// The token of an admin who was let in and has logged out.
async fn ended(accounts: &mut AccountServiceClient<Channel>, channels: [&Channel; 3]) -> String {
    let Session { access_token, refresh_token, .. } = log_in(accounts, ADMIN, ADMIN_PASSWORD).await;
    until(channels, &access_token, None).await;
    accounts.log_out(LogOutRequest { refresh_token }).await.unwrap();
    until(channels, &access_token, Some("session_over")).await;
    access_token
}

/// The key that account signs with.
async fn key(account: &PgPool) -> Signer {
    let stored =
        "SELECT kid, sealed_private FROM signing_keys WHERE signs_from <= now() AND now() < signs_until";
    let (kid, sealed): (String, Vec<u8>) = sqlx::query_as(stored).fetch_one(account).await.unwrap();
    Signer::unsealed(&kid, &sealed, SEALING_KEY)
}

/// A token of a key that was published, by which one was let in, and that was removed.
async fn removed(account: &PgPool, claims: &Value, channels: [&Channel; 3]) -> String {
    let signer = Signer::new("removed");
    // Signs nothing any more, so that account makes all other tokens with its own key.
    sqlx::query(
        "INSERT INTO signing_keys VALUES ('removed', $1, $2, now(), now() - interval '2 days',
            now() - interval '1 day', now() + interval '1 day')",
    )
    .bind(json!(signer.jwk()))
    .bind(signer.sealed(SEALING_KEY))
    .execute(account)
    .await
    .unwrap();
    let token = signer.sign(claims);
    until(channels, &token, None).await;
    sqlx::query("DELETE FROM signing_keys WHERE kid = 'removed'").execute(account).await.unwrap();
    until(channels, &token, Some("token_invalid")).await;
    token
}
