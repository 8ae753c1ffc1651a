//! Server-sent events: markets, and what happens to one's own bets.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{body::Body, extract::State, response::IntoResponse};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, future, stream};
use http::{HeaderName, header};
use loljoa_service_kit::{AccountId, Error, MatchId};
use metrics::histogram;
use serde::{Deserialize, Serialize};
use serde_json::to_string;
use tokio::time;
use utoipa::IntoParams;

use crate::{
    app::App,
    auth::{Identity, User},
    betting::{
        events::{self, frame},
        looks::MAX_MATCHES,
    },
    http::{
        client_address::{ClientAddress, limit_key},
        extract::{Query, Result},
    },
    streams::{count_slow_reader, tell},
};

/// What is told is told now, and is of no use later.
const HEADERS: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];

/// Which matches to watch.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParams {
    /// Matches whose markets are watched, at most 100. At least one, unless somebody is logged in.
    #[serde(default)]
    #[param(value_type = Vec<Uuid>, required = false)]
    match_id: Vec<MatchId>,
}

/// The first event of a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hello {
    server_time: DateTime<Utc>,
}

type Events = Pin<Box<dyn Stream<Item = events::Event> + Send>>;

/// Server-sent events: `hello` `{serverTime}`, then `market` with the present state of every market of the matches, then
/// its changes, at most four a second each. With a token also what happens to one's own bets: `accepted`, `settled`,
/// `voided`, `cancelled`, `refunded`, and `resync` when some may have been missed. The stream ends with its token, without one
/// after some minutes, and when it is not read: connect again.
#[utoipa::path(get, path = "/api/betting/stream",
    operation_id = "streamEvents", tag = "betting", params(StreamParams),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    user: Option<User>,
    Query(StreamParams { match_id: matches }): Query<StreamParams>,
) -> Result {
    let identity = user.map(|User(identity)| identity);
    check(&matches, identity.as_ref())?;
    let open = app.streams.open(limit_key(address.0), identity.is_some())?;
    let end = end(Arc::clone(&app), identity.as_ref());
    let account_id = identity.map(|identity| identity.account_id);
    let hello = to_string(&Hello { server_time: app.clock.now() }).map_err(Error::internal)?;
    let hello = frame("hello", &hello);
    let told =
        stream::select(told(&app, matches, account_id), alive(app.streams.keep_alive())).take_until(end);
    let told = tell(told.take_while(|event| future::ready(keeps_up(event))), app.streams.patience(), open);
    let told = told.filter_map(|event| async { render(event) });
    let all = stream::iter([hello]).chain(told).map(Ok::<_, Infallible>);
    Ok((HEADERS, Body::from_stream(all)).into_response())
}

fn check(matches: &[MatchId], identity: Option<&Identity>) -> Result<(), Error> {
    if matches.len() > MAX_MATCHES {
        return Err(Error::invalid_field("matchId", "too_many_matches", "must be at most 100"));
    }
    if matches.is_empty() && identity.is_none() {
        return Err(Error::invalid_field("matchId", "match_missing", "must be given, or a token sent"));
    }
    Ok(())
}

fn told(app: &App, matches: Vec<MatchId>, account_id: Option<AccountId>) -> Events {
    let markets: Events = if matches.is_empty() {
        Box::pin(stream::empty())
    } else {
        Box::pin(events::of_markets(Arc::clone(&app.markets), matches))
    };
    match account_id {
        Some(account_id) => {
            let bets = events::of_bets(&app.markets, &app.services.betting_streams(), account_id);
            Box::pin(stream::select(markets, bets))
        }
        None => markets,
    }
}

/// A sign of life now and then; without it a reader of a quiet stream who is gone would not be noticed.
fn alive(every: Duration) -> impl Stream<Item = events::Event> {
    stream::unfold((), move |()| async move {
        time::sleep(every).await;
        Some((events::Event::Alive, ()))
    })
}

/// Whether the reader has read what cannot wait. One who has not has to connect anew and read the bets as they are then.
fn keeps_up(event: &events::Event) -> bool {
    let behind = matches!(event, events::Event::Behind);
    if behind {
        count_slow_reader();
    }
    !behind
}

/// When the stream has to end: this replica stops, the client's token does, or the stream of a stranger is old enough.
fn end(app: Arc<App>, identity: Option<&Identity>) -> impl Future<Output = ()> + Send + use<> {
    let left = match identity {
        Some(identity) => (identity.expires_at - app.clock.now()).to_std().unwrap_or_default(),
        None => app.streams.age(),
    };
    async move {
        app.closing.run_until_cancelled(time::sleep(left)).await;
    }
}

fn render(event: events::Event) -> Option<Bytes> {
    match event {
        events::Event::Present(snapshot) => Some(snapshot.frame.clone()),
        events::Event::Changed(snapshot) => {
            histogram!("loljoa_stream_age_seconds", "service" => "gateway").record(snapshot.taken.elapsed());
            Some(snapshot.frame.clone())
        }
        events::Event::Bet(bet) => Some(frame(events::name(bet.state), &to_string(&bet).ok()?)),
        events::Event::Alive => Some(Bytes::from_static(b":\n\n")),
        events::Event::Behind => None,
        events::Event::Reconnecting => Some(Bytes::from_static(b": reconnecting\n\n")),
        events::Event::Resync => Some(frame("resync", "{}")),
    }
}
