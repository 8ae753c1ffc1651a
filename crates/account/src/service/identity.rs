//! Who asks, by an access token that account itself has given, and by what account itself knows of its session.

use std::sync::Arc;

use jsonwebtoken::{DecodingKey, jwk::Jwk};
use loljoa_service_kit::{
    Error,
    identity::{Admins, Identity, PublishedAdmins, Reader, Role, refused, require_admin, session_over},
    postgres,
};
use tonic::async_trait;

use super::Service;
use crate::{
    domain::{profile, session::access_session},
    store::{sessions, signing_keys},
};

impl Service {
    /// Whom a token was given to that has not ended and whose key is not removed, whatever has become of its session.
    ///
    /// # Errors
    ///
    /// `token_invalid`, `token_expired`.
    pub(crate) async fn whose(&self, token: &str) -> Result<Identity, Error> {
        let (kid, now) = (Reader::key_id(token)?, self.clock.now());
        let stored = signing_keys::public_key(&mut *postgres::reading(&self.pool).await?, &kid, now)
            .await?
            .ok_or_else(refused)?;
        let jwk: Jwk = serde_json::from_value(stored).map_err(Error::internal)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(Error::internal)?;
        self.reader.read(token, &key)?.at(now)
    }

    /// As [`Self::whose`], while the session goes on. Nobody is an admin by a token alone who is none any more.
    ///
    /// # Errors
    ///
    /// As there, and `session_over`.
    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Error> {
        let mut identity = self.whose(token).await?;
        let mut db = postgres::reading(&self.pool).await?;
        let going_on = sessions::going_on(&mut *db, identity.account_id, self.clock.now()).await?;
        drop(db);
        let mut going_on = going_on.into_iter();
        let own = going_on.find(|(session, _)| Some(access_session(*session)) == identity.session);
        let (_, role) = own.ok_or_else(session_over)?;
        if role != profile::Role::Admin {
            identity.role = Role::User;
        }
        Ok(identity)
    }
}

/// Tells admins: those whose accounts are here by what is known here, those of other cells by what these publish.
pub(crate) struct AllAdmins {
    own: Service,
    others: Option<Arc<PublishedAdmins>>,
}

impl AllAdmins {
    pub(crate) const fn new(own: Service, others: Option<Arc<PublishedAdmins>>) -> Self {
        Self { own, others }
    }
}

#[async_trait]
impl Admins for AllAdmins {
    async fn admin_of(&self, token: &str) -> Result<Identity, Error> {
        let identity = match (self.own.identify(token).await, &self.others) {
            // Of a key of another cell, if of any.
            (Err(error), Some(others)) if error.reason == refused().reason => others.admin_of(token).await?,
            (identity, _) => identity?,
        };
        require_admin(&identity)?;
        Ok(identity)
    }
}
