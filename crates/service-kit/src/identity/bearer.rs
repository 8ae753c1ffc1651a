//! The way of an access token along with a call.

use http::{HeaderMap, header};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
};

use super::{login_required, unauthenticated};
use crate::Error;

/// Somebody's access token. As an interceptor of a client it goes along with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// A token as account gave it.
    ///
    /// # Errors
    ///
    /// `token_malformed`.
    pub fn new(token: &str) -> Result<Self, Error> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(|_| malformed())?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(header::AUTHORIZATION.as_str(), self.0.clone());
        Ok(request)
    }
}

/// The token that comes with a call that cannot be made without.
///
/// # Errors
///
/// `token_missing`, `token_malformed`.
pub fn token<T>(request: &Request<T>) -> Result<&str, Error> {
    of(request.metadata().as_ref())?.ok_or_else(login_required)
}

/// The token that comes with a call, if any does.
///
/// # Errors
///
/// `token_malformed`.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(malformed()) }
}

fn malformed() -> Error {
    unauthenticated("token_malformed", "must be sent as Authorization: Bearer <token>")
}
