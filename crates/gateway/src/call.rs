//! Calling the services behind the gateway.

use loljoa_service_kit::{Error, caller};

use crate::SERVICE;

/// Calls `$client.$method($request)`, and again when nobody knows what became of it. Only for calls that are safe to repeat.
/// Gives the answer's message, or an [`Error`].
macro_rules! repeat {
    ($client:expr, $method:ident, $request:expr) => {{
        let mut client = $client.clone();
        let answer = client.$method(loljoa_service_kit::grpc::client::repeatable($request)).await;
        answer.map(tonic::Response::into_inner).map_err(loljoa_service_kit::Error::from)
    }};
}

/// Calls `$client.$method($request)`, and again only when it never left: for calls whose answer tells what this very call has
/// done, such as how much. When that is lost nobody can know it, and the caller is told so instead of what a second call
/// would find left to do.
macro_rules! once {
    ($client:expr, $method:ident, $request:expr) => {{
        let mut client = $client.clone();
        let answer = client.$method(loljoa_service_kit::grpc::client::sent_once($request)).await;
        answer.map(tonic::Response::into_inner).map_err(loljoa_service_kit::Error::from)
    }};
}

/// What a request is told whose call will not be made any more.
pub(crate) fn stopping() -> Error {
    Error::unavailable("this replica is stopping: send the same request again")
}

/// Those of `items` that wait for a call for somebody who is still there and has time left. The others are refused, and counted.
pub(crate) fn still_waited_for<T>(
    queue: &'static str,
    items: Vec<T>,
    waits: fn(&T) -> bool,
    refuse: fn(T, Error),
) -> Vec<T> {
    let (waiting, gone): (Vec<_>, Vec<_>) = items.into_iter().partition(waits);
    caller::count_dropped(SERVICE, queue, gone.len());
    for item in gone {
        refuse(item, caller::gone());
    }
    waiting
}

pub(crate) use once;
pub(crate) use repeat;
