//! The requests that scenarios are made of.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use loljoa_service_kit::ids;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{Asked, Expected, Market, User, World};
use crate::engine::Body;

/// What is staked. Points.
pub const STAKE: i64 = 100;
const BETS: &str = "/api/betting/bets";
const LOG_IN: &str = "/api/account/login";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A bet that can be sent more than once.
#[derive(Clone, Debug)]
pub(crate) struct Bet {
    pub(crate) user: User,
    pub(crate) key: Uuid,
    pub(crate) market_id: Uuid,
    pub(crate) outcome_id: Uuid,
    pub(crate) stake: i64,
}

impl Bet {
    /// A bet of `user` on one of the market's outcomes, under a key of its own.
    pub(super) fn new(user: &User, market: &Market, outcome: u64) -> Self {
        Self {
            user: user.clone(),
            key: ids::fresh(),
            market_id: market.market_id,
            outcome_id: market.outcome(outcome),
            stake: STAKE,
        }
    }

    pub(super) fn asked(&self, world: &World, expected: Expected) -> Asked {
        let Self { key, market_id, outcome_id, stake, .. } = self;
        let body = format!(r#"{{"marketId":"{market_id}","outcomeId":"{outcome_id}","stake":{stake}}}"#);
        let mut request = request(world, &self.user, Method::POST, Uri::from_static(BETS), body.into());
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert("idempotency-key", text(&key.to_string()));
        Asked { request, expected }
    }
}

/// A look at `path`.
pub(super) fn look(world: &World, user: &User, path: &str) -> Asked {
    let uri = path.parse().unwrap_or_default();
    let request = request(world, user, Method::GET, uri, Bytes::new());
    Asked { request, expected: Expected::Success }
}

/// Proof of a password, by somebody who is not logged in yet.
pub(super) fn log_in(world: &World, user: &User) -> Asked {
    let body = user.credentials.expose_secret().to_owned();
    let mut request = request(world, user, Method::POST, Uri::from_static(LOG_IN), body.into());
    let headers = request.headers_mut();
    headers.remove(header::AUTHORIZATION);
    headers.insert(header::CONTENT_TYPE, JSON);
    Asked { request, expected: Expected::Success }
}

fn request(world: &World, user: &User, method: Method, uri: Uri, body: Bytes) -> Request<Body> {
    let mut request = Request::new(Body::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::HOST, world.host.clone());
    headers.insert(header::AUTHORIZATION, user.authorization.clone());
    request
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
