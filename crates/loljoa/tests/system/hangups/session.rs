use http::{Method, header};
use serde_json::json;

use crate::support::{Bettor, Http, PASSWORD, Reply};

/// A refresh cookie, as it is sent.
pub(super) type Cookie = String;

/// Logs in and out, and tells the cookie that is worth nothing from then on.
pub(super) async fn open_and_end(bettor: &Bettor) -> Cookie {
    let credentials = json!({ "username": bettor.username, "password": PASSWORD });
    let opened = bettor.http.post("/api/account/login", &credentials).await;
    opened.ok::<serde_json::Value>();
    let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ended = with_cookie(&bettor.http, "/api/account/logout", &cookie).await;
    assert_eq!(ended.status, 204, "{}", ended.text);
    cookie
}

/// Asks for a new access token.
pub(super) async fn refresh(http: &Http, cookie: &Cookie) -> Reply {
    with_cookie(http, "/api/account/refresh", cookie).await
}

async fn with_cookie(http: &Http, path: &str, cookie: &Cookie) -> Reply {
    Reply::to(http.request(Method::POST, path).header(header::COOKIE, cookie)).await
}
