//! Making accounts.

use loljoa_service_kit::{AccountId, Error, ErrorCode, IdempotencyKey, ids, postgres};

use uuid::Uuid;

use super::{OpenSession, Service, SignUp};
use crate::{
    domain::{grant, password, profile::Role, transfer::Outcome, username::Username},
    store::{
        accounts::{self, NewUser},
        skeletons, transfers,
    },
};

impl Service {
    /// Makes an account with its grant and opens a session. The same key and credentials again open a session on the
    /// account that the first call made.
    pub(crate) async fn sign_up(&self, request: SignUp) -> Result<OpenSession, Error> {
        let SignUp { credentials, key } = &request;
        let username = Username::parse(&credentials.username)?;
        password::check(&credentials.password)?;
        let slot = self.own_slot(&username)?;
        let made_of = key.map(derived_from);
        // The name first: where the same request has just taken it, its account is then seen, too.
        let mut db = postgres::reading(&self.pool).await?;
        let taken = accounts::credentials_by_name(&mut *db, &username.key).await?.is_some();
        let made = match made_of {
            Some(id) => accounts::made_of(&mut *db, id).await?,
            None => None,
        };
        drop(db);
        let account = made.unwrap_or_else(|| AccountId(slot.stamp(made_of.unwrap_or_else(ids::fresh))));
        if key.is_some()
            && let Some(session) = self.repeat_sign_up(account, &username, &request).await?
        {
            return Ok(session);
        }
        if self.reserved.contains(&username.skeleton) {
            return Err(Error::invalid_field("username", "username_reserved", "is reserved"));
        }
        if taken {
            return Err(username_taken());
        }
        let mut db = postgres::reading(&self.pool).await?;
        if skeletons::is_taken(&mut *db, &username.skeleton, &username.key).await? {
            return Err(username_lookalike());
        }
        drop(db);
        let password_hash = self.hasher.hash(self.hasher.admit()?, credentials.password.clone()).await?;
        let created_at = self.clock.now();
        let user =
            NewUser { account, username, password_hash, role: Role::User, created_at, configured_hash: None };
        if self.create(&user, made_of).await? {
            return self.open_session(account, &user.password_hash).await;
        }
        // Somebody was faster: the same request sent twice at once, or another with the same name or key.
        let made = match made_of {
            Some(id) => accounts::made_of(&mut *postgres::reading(&self.pool).await?, id).await?,
            None => None,
        };
        let account = made.unwrap_or(account);
        self.repeat_sign_up(account, &user.username, &request).await?.ok_or_else(username_taken)
    }

    /// Stores a user with its balance and grant in one commit; tells whether id, name and the name's looks were free, and, where
    /// the id is made of another, whether nobody had made an account of that.
    pub(super) async fn create(&self, user: &NewUser, made_of: Option<Uuid>) -> Result<bool, Error> {
        let stripe = rand::random_range(0..transfers::STRIPES);
        let grant = [grant::signup(user.account)];
        let created = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            if let Some(id) = made_of {
                accounts::hold_made_of(&mut transaction, id).await?;
                if accounts::made_of(&mut *transaction, id).await?.is_some() {
                    return Ok(None);
                }
            }
            if !accounts::insert(&mut transaction, user).await? {
                return Ok(None);
            }
            let outcomes = transfers::apply(&mut *transaction, &grant, stripe).await?;
            transaction.commit().await?;
            Ok(Some(outcomes))
        });
        match created.await?.as_deref() {
            None => Ok(false),
            Some([Outcome::Applied]) => Ok(true),
            Some(other) => Err(Error::internal(format!("a sign-up grant came out as {other:?}"))),
        }
    }

    async fn repeat_sign_up(
        &self,
        account: AccountId,
        username: &Username,
        request: &SignUp,
    ) -> Result<Option<OpenSession>, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let Some(stored) = accounts::credentials(&mut *db, account).await? else {
            return Ok(None);
        };
        drop(db);
        let password = request.credentials.password.clone();
        let hash = stored.password_hash;
        let same = stored.username_key == username.key
            && self.hasher.verify(self.hasher.admit()?, password, Some(hash.clone())).await?;
        if !same {
            let message = "the idempotency key was used with other credentials";
            return Err(Error::conflict("idempotency_key_reused", message));
        }
        self.open_session(account, &hash).await.map(Some)
    }
}

/// What the id of an account is made of that a key has made: with the slot of its name it is that id.
fn derived_from(key: IdempotencyKey) -> Uuid {
    ids::derived(&[b"signup", key.0.as_bytes()])
}

fn username_taken() -> Error {
    Error::new(ErrorCode::AlreadyExists, "username_taken", "the username is taken")
        .with_field("username", "is taken")
}

fn username_lookalike() -> Error {
    Error::new(ErrorCode::AlreadyExists, "username_lookalike", "the username looks like one that is taken")
        .with_field("username", "looks like one that is taken")
}
