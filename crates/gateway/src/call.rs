//! Calling the services behind the gateway.

/// Calls `$client.$method($request)`, and again when the service was not reached. Only for calls that are safe to
/// repeat. Gives the answer's message, or an [`Error`](loljoa_service_kit::Error).
macro_rules! repeat {
    ($client:expr, $method:ident, $request:expr) => {{
        let request = $request;
        let answer = loljoa_service_kit::grpc::client::retrying(|| {
            let (mut client, request) = ($client.clone(), request.clone());
            async move { client.$method(request).await }
        });
        answer.await.map(tonic::Response::into_inner).map_err(loljoa_service_kit::Error::from)
    }};
}

pub(crate) use repeat;
