//! What admins do to an account.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Error, postgres};

use super::{Service, reads, unknown_account};
use crate::{
    domain::{profile::Ranked, username::Username},
    store::{accounts, sessions, standing},
};

/// An account as admins see it.
#[derive(Debug)]
pub(crate) struct Managed {
    pub(crate) account: Ranked,
    /// Since when it is kept out.
    pub(crate) disabled_at: Option<DateTime<Utc>>,
    /// Sessions that go on.
    pub(crate) open_sessions: i64,
}

impl Service {
    /// The account of this name, whatever its case.
    pub(crate) async fn find(&self, username: &str) -> Result<Managed, Error> {
        let username = Username::parse(username)?;
        let found =
            accounts::credentials_by_name(&mut *postgres::reading(&self.reads).await?, &username.key).await?;
        self.managed(found.ok_or_else(unknown_account)?.account).await
    }

    /// Keeps an account out and ends its sessions, in one commit. The first time stands.
    pub(crate) async fn disable(&self, account: AccountId, admin: AccountId) -> Result<Managed, Error> {
        if account == admin {
            return Err(Error::conflict("own_account", "nobody can disable their own account"));
        }
        let now = self.clock.now();
        let disabled = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let disabled = standing::disable(&mut transaction, account, now).await?;
            let ended = sessions::revoke_all(&mut *transaction, account, now).await?;
            transaction.commit().await?;
            Ok(disabled.then_some(ended))
        });
        let ended = disabled.await?.ok_or_else(unknown_account)?;
        tracing::info!(account_id = %account, admin_id = %admin, ended, "an account was disabled");
        self.managed(account).await
    }

    /// Lets an account in again.
    pub(crate) async fn enable(&self, account: AccountId, admin: AccountId) -> Result<Managed, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !standing::enable(&mut *transaction, account).await? {
            return Err(unknown_account());
        }
        transaction.commit().await?;
        tracing::info!(account_id = %account, admin_id = %admin, "an account was enabled");
        self.managed(account).await
    }

    /// Ends every session of an account and tells how many.
    pub(crate) async fn end_sessions(&self, account: AccountId, admin: AccountId) -> Result<u64, Error> {
        let ended = self.log_out_all(account).await?;
        tracing::info!(account_id = %account, admin_id = %admin, ended, "an admin ended all sessions of an account");
        Ok(ended)
    }

    async fn managed(&self, account: AccountId) -> Result<Managed, Error> {
        let mut db = postgres::reading(&self.pool).await?;
        let standing = standing::of(&mut *db, account, self.clock.now()).await?;
        drop(db);
        let (disabled_at, open_sessions) = standing.ok_or_else(unknown_account)?;
        Ok(Managed { account: reads::ranked(&self.pool, account).await?, disabled_at, open_sessions })
    }
}
