//! Calling the services behind the gateway.

/// Calls `$client.$method($request)`, and again when nobody knows what became of it. Only for calls that are safe to repeat.
/// Gives the answer's message, or an [`Error`](loljoa_service_kit::Error).
macro_rules! repeat {
    ($client:expr, $method:ident, $request:expr) => {{
        let mut client = $client.clone();
        let answer = client.$method(loljoa_service_kit::grpc::client::repeatable($request)).await;
        answer.map(tonic::Response::into_inner).map_err(loljoa_service_kit::Error::from)
    }};
}

pub(crate) use repeat;
