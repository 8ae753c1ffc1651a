//! What admins do to an account.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Error, admin_log::Action, identity::Identity, postgres};
use serde_json::{Value, json};

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
    pub(crate) async fn disable(&self, account: AccountId, admin: &Identity) -> Result<Managed, Error> {
        if account == admin.account_id {
            return Err(Error::conflict("own_account", "nobody can disable their own account"));
        }
        let now = self.clock.now();
        let disabled = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let Some(held) = standing::hold(&mut transaction, account).await? else { return Ok(None) };
            let since = held.disabled_at.unwrap_or(now);
            standing::set_disabled(&mut transaction, account, Some(since)).await?;
            let ended = sessions::revoke_all(&mut *transaction, account, now).await?;
            if held.disabled_at.is_none() || ended > 0 {
                let before = json!({ "disabledAt": held.disabled_at, "openSessions": ended });
                let after = json!({ "username": held.username, "disabledAt": since, "openSessions": 0 });
                action("disable_account", admin, account, [before, after]).write(&mut transaction).await?;
            }
            transaction.commit().await?;
            Ok(Some(ended))
        });
        let ended = disabled.await?.ok_or_else(unknown_account)?;
        tracing::info!(
            event = "account.disabled",
            account_id = %account, admin_id = %admin.account_id, ended, "an account was disabled"
        );
        self.managed(account).await
    }

    /// Lets an account in again.
    pub(crate) async fn enable(&self, account: AccountId, admin: &Identity) -> Result<Managed, Error> {
        let enabled = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let Some(held) = standing::hold(&mut transaction, account).await? else { return Ok(false) };
            if held.disabled_at.is_some() {
                standing::set_disabled(&mut transaction, account, None).await?;
                let before = json!({ "disabledAt": held.disabled_at });
                let after = json!({ "username": held.username, "disabledAt": null });
                action("enable_account", admin, account, [before, after]).write(&mut transaction).await?;
            }
            transaction.commit().await?;
            Ok(true)
        });
        if !enabled.await? {
            return Err(unknown_account());
        }
        tracing::info!(
            event = "account.enabled",
            account_id = %account, admin_id = %admin.account_id, "an account was enabled"
        );
        self.managed(account).await
    }

    /// Ends every session of an account and tells how many.
    pub(crate) async fn end_sessions(&self, account: AccountId, admin: &Identity) -> Result<u64, Error> {
        let now = self.clock.now();
        let ended = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let Some(held) = standing::hold(&mut transaction, account).await? else { return Ok(None) };
            let ended = sessions::revoke_all(&mut *transaction, account, now).await?;
            if ended > 0 {
                let before = json!({ "openSessions": ended });
                let after = json!({ "username": held.username, "openSessions": 0 });
                action("end_sessions", admin, account, [before, after]).write(&mut transaction).await?;
            }
            transaction.commit().await?;
            Ok(Some(ended))
        });
        let ended = ended.await?.ok_or_else(unknown_account)?;
        tracing::info!(
            event = "account.sessions_ended",
            account_id = %account, admin_id = %admin.account_id, ended,
            "an admin ended all sessions of an account"
        );
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

fn action<'a>(
    name: &'static str,
    admin: &'a Identity,
    account: AccountId,
    [before, after]: [Value; 2],
) -> Action<'a> {
    Action { admin, name, subject: Some(account.into()), before, after, why: None }
}
