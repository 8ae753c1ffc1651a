//! Making accounts.

use loljoa_service_kit::{AccountId, Error, ErrorCode, IdempotencyKey, ids, postgres};

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
        let account = key.map_or_else(AccountId::fresh, account_of);
        // The name first: where the same request has just taken it, its account is then seen, too.
        let mut db = postgres::reading(&self.pool).await?;
        let taken = accounts::credentials_by_name(&mut *db, &username.key).await?.is_some();
        drop(db);
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
        if self.create(&user).await? {
            return self.open_session(account, &user.password_hash).await;
        }
        // Somebody was faster: the same request sent twice at once, or another with the same name.
        self.repeat_sign_up(account, &user.username, &request).await?.ok_or_else(username_taken)
    }

    /// Stores a user with its balance and grant in one commit; tells whether id, name and the name's looks were free.
    pub(super) async fn create(&self, user: &NewUser) -> Result<bool, Error> {
        let stripe = rand::random_range(0..transfers::STRIPES);
        let grant = [grant::signup(user.account)];
        let created = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
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

fn account_of(key: IdempotencyKey) -> AccountId {
    AccountId(ids::derived(&[b"signup", key.0.as_bytes()]))
}

fn username_taken() -> Error {
    Error::new(ErrorCode::AlreadyExists, "username_taken", "the username is taken")
        .with_field("username", "is taken")
}

fn username_lookalike() -> Error {
    Error::new(ErrorCode::AlreadyExists, "username_lookalike", "the username looks like one that is taken")
        .with_field("username", "looks like one that is taken")
}
