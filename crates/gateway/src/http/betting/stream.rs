//! Server-sent events: markets, and what happens to one's own bets.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc};

use axum::{
    extract::State,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, stream};
use loljoa_service_kit::{AccountId, Error, MatchId};
use serde::{Deserialize, Serialize};
use tokio::time;
use utoipa::IntoParams;

use crate::{
    app::App,
    auth::{Identity, User},
    betting::events,
    http::{
        client_address::{ClientAddress, limit_key},
        extract::{Query, Result},
    },
};

const MAX_MATCHES: usize = 100;

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
/// `voided`, `cancelled`, `refunded`, and `resync` when some may have been missed. The stream ends with its token.
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
    let open = app.streams.open(limit_key(address.0))?;
    let end = end(Arc::clone(&app), identity.as_ref());
    let account_id = identity.map(|identity| identity.account_id);
    let hello = Event::default().event("hello").json_data(Hello { server_time: app.clock.now() });
    let hello = hello.map_err(Error::internal)?;
    let told = told(&app, matches, account_id).filter_map(|event| async { render(event) });
    let all = stream::once(async { hello }).chain(told).take_until(end).map(move |event| {
        let _held_while_open = &open;
        Ok::<_, Infallible>(event)
    });
    Ok(Sse::new(all).keep_alive(KeepAlive::new().interval(app.keep_alive)).into_response())
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
            let bets = events::of_bets(Arc::clone(&app.markets), app.services.betting_channel(), account_id);
            Box::pin(stream::select(markets, bets))
        }
        None => markets,
    }
}

/// When the stream has to end: this replica stops, or the client's token does.
fn end(app: Arc<App>, identity: Option<&Identity>) -> impl Future<Output = ()> + Send + use<> {
    let left = identity.map(|identity| (identity.expires_at - app.clock.now()).to_std().unwrap_or_default());
    async move {
        let expiry = async {
            match left {
                Some(left) => time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        app.closing.run_until_cancelled(expiry).await;
    }
}

fn render(event: events::Event) -> Option<Event> {
    let sse = match event {
        events::Event::Market(snapshot) => Event::default().event("market").data(&snapshot.json),
        events::Event::Bet(bet) => Event::default().event(events::name(bet.state)).json_data(&bet).ok()?,
        events::Event::Reconnecting => Event::default().comment("reconnecting"),
        events::Event::Resync => Event::default().event("resync").data("{}"),
    };
    Some(sse)
}
