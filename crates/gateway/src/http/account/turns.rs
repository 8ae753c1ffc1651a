//! The strict limits of what takes a password, counted before a body is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{
    app::App,
    http::{client_address::ClientAddress, problem::Problem},
};

/// Leave to make an account, and whence it is asked for.
pub(crate) struct SignUpTurn(pub(crate) ClientAddress);

impl FromRequestParts<Arc<App>> for SignUpTurn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let address = ClientAddress::from_request_parts(parts, app).await?;
        app.limits.check_sign_up(address.0)?;
        Ok(Self(address))
    }
}

/// Leave to have a password checked, and whence it is asked for.
pub(crate) struct LogInTurn(pub(crate) ClientAddress);

impl FromRequestParts<Arc<App>> for LogInTurn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let address = ClientAddress::from_request_parts(parts, app).await?;
        app.limits.check_log_in(address.0)?;
        Ok(Self(address))
    }
}
