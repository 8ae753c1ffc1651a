//! A gate before a whole gRPC service, so that no call of it can be forgotten.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::HeaderMap;
use tonic::{Status, body::Body, server::NamedService};
use tower::Service;

use super::{Admins, Identity, bearer, login_required};
use crate::Error;

/// Lets a call through to `S` only with the access token of an admin, who is then found by [`admin`](super::admin).
#[derive(Clone)]
pub struct AdminOnly<S> {
    inner: S,
    admins: Arc<dyn Admins>,
}

impl<S> AdminOnly<S> {
    /// Guards `inner` by what `admins` says.
    #[must_use]
    pub const fn new(inner: S, admins: Arc<dyn Admins>) -> Self {
        Self { inner, admins }
    }
}

impl<S: NamedService> NamedService for AdminOnly<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for AdminOnly<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let admins = Arc::clone(&self.admins);
        Box::pin(async move {
            match admitted(&*admins, request.headers(), request.uri().path()).await {
                Ok(admin) => {
                    request.extensions_mut().insert(admin);
                    inner.call(request).await
                }
                Err(refusal) => Ok(Status::from(refusal).into_http()),
            }
        })
    }
}

/// The admin whose access token stands in `headers`. Who is refused is logged.
///
/// # Errors
///
/// As [`Admins::admin_of`], and `token_missing`, `token_malformed`.
pub(crate) async fn admitted(
    admins: &dyn Admins,
    headers: &HeaderMap,
    path: &str,
) -> Result<Identity, Error> {
    admit(admins, headers).await.inspect_err(|refusal| {
        tracing::warn!(
            event = "admin.refused",
            path, %refusal, "a call that only admins may make was refused"
        );
    })
}

async fn admit(admins: &dyn Admins, headers: &HeaderMap) -> Result<Identity, Error> {
    admins.admin_of(bearer::of(headers)?.ok_or_else(login_required)?).await
}
