//! The admin that configuration asks for.

use std::time::Duration;

use loljoa_service_kit::{AccountId, Error, ErrorCode, health::Health, ids, postgres};
use metrics::gauge;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::{
    SERVICE,
    config::BootstrapAdmin,
    domain::{password, profile::Role, skeleton, username::Username},
    store::{
        accounts::{self, Credentials, NewUser},
        sessions, standing,
    },
};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What has become of the admin that configuration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// There is one, with the password that configuration has or had when it was last changed there.
    Admin,
    /// There is one, and another password has replaced the one that this replica's configuration has.
    Outdated,
    /// A user who is no admin has the name.
    Squatter,
    /// The admin's name belongs to another cell, which makes it.
    Elsewhere,
}

/// Makes the admin if there is none of this name, and applies a configured password that never was, as soon as the database
/// answers; then the replica has warmed up. Where a user has the name nothing is made, and the service goes on.
///
/// # Errors
///
/// When name or password can never be an admin's.
pub(crate) async fn bootstrap_admin(
    service: Service,
    admin: BootstrapAdmin,
    health: Health,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        match service.ensure_admin(&admin).await {
            Ok(found) => {
                report(found, &admin.username);
                break;
            }
            Err(error) if error.code == ErrorCode::Invalid => {
                return Err(anyhow::anyhow!("bootstrap_admin: {error}"));
            }
            Err(error) => tracing::warn!(event = "admin.not_made", %error, "the admin could not be made yet"),
        }
        if shutdown.run_until_cancelled(time::sleep(TRY_AGAIN_AFTER)).await.is_none() {
            break;
        }
    }
    health.finish_warming();
    drop(service);
    shutdown.cancelled().await;
    Ok(())
}

fn report(found: Found, username: &str) {
    let squatted = found == Found::Squatter;
    if squatted {
        tracing::error!(
            event = "admin.name_taken",
            username,
            "bootstrap_admin: a user who is no admin has this name, so no admin was made: configure another username"
        );
    }
    let outdated = found == Found::Outdated;
    if outdated {
        tracing::error!(
            event = "admin.password_outdated",
            username,
            "bootstrap_admin: the configured password is one that another has replaced, so it was not applied: configure \
             the present one, or one that never was"
        );
    }
    for (name, holds) in
        [("loljoa_bootstrap_admin_squatted", squatted), ("loljoa_bootstrap_admin_outdated", outdated)]
    {
        gauge!(name, "service" => SERVICE).set(f64::from(u8::from(holds)));
    }
}

impl Service {
    async fn ensure_admin(&self, admin: &BootstrapAdmin) -> Result<Found, Error> {
        let username = Username::parse(&admin.username)?;
        password::check(&admin.password)?;
        if self.own_slot(&username).is_err() {
            return Ok(Found::Elsewhere);
        }
        match accounts::credentials_by_name(&self.pool, &username.key).await? {
            None => self.make_admin(admin, username).await,
            Some(stored) if stored.role == Role::Admin => self.keep_password(admin, &stored).await,
            Some(_) => Ok(Found::Squatter),
        }
    }

    async fn make_admin(&self, admin: &BootstrapAdmin, username: Username) -> Result<Found, Error> {
        let password_hash = self.hasher.hash(self.hasher.admit()?, admin.password.clone()).await?;
        let configured_hash = Some(password_hash.clone());
        let account = AccountId(self.own_slot(&username)?.stamp(ids::fresh()));
        let (role, created_at) = (Role::Admin, self.clock.now());
        let mut user = NewUser { account, username, password_hash, role, created_at, configured_hash };
        // A name that only looks like the admin's does not keep the admin away.
        let apart = skeleton::apart(&user.username.skeleton, account);
        let made = self.create(&user, None).await? || {
            user.username.skeleton = apart;
            self.create(&user, None).await?
        };
        if made {
            tracing::info!(event = "admin.made", username = user.username.shown, "made the admin");
            return Ok(Found::Admin);
        }
        Err(Error::unavailable("another replica is making the admin"))
    }

    /// Applies the configured password where it never was. The one that was applied last changes nothing, so a password that
    /// the admin has set since then stays; and one that another has replaced comes from a replica of before.
    async fn keep_password(&self, admin: &BootstrapAdmin, stored: &Credentials) -> Result<Found, Error> {
        let applied = stored.configured_hash.as_ref().unwrap_or(&stored.password_hash);
        if !self.is_password(admin, applied).await? {
            if self.was_replaced(admin, stored).await? {
                return Ok(Found::Outdated);
            }
            self.apply_password(admin, stored).await?;
        } else if stored.configured_hash.is_none() {
            let mut transaction = postgres::begin(&self.pool).await?;
            standing::note_configured(&mut transaction, stored.account, (None, applied)).await?;
            transaction.commit().await?;
        }
        Ok(Found::Admin)
    }

    /// Whether the configured password was applied before the one that was applied last. What was applied since `stored` was
    /// read is found when this one is applied.
    async fn was_replaced(&self, admin: &BootstrapAdmin, stored: &Credentials) -> Result<bool, Error> {
        for hash in standing::ever_configured(&self.pool, stored.account).await? {
            if stored.configured_hash.as_ref() != Some(&hash) && self.is_password(admin, &hash).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_password(&self, admin: &BootstrapAdmin, hash: &str) -> Result<bool, Error> {
        self.hasher.verify(self.hasher.admit()?, admin.password.clone(), Some(hash.to_owned())).await
    }

    async fn apply_password(&self, admin: &BootstrapAdmin, stored: &Credentials) -> Result<(), Error> {
        let new = self.hasher.hash(self.hasher.admit()?, admin.password.clone()).await?;
        let (noted, old) = (stored.configured_hash.as_deref(), stored.password_hash.as_str());
        let ended = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let applied = standing::replace_password(&mut transaction, stored.account, (old, &new)).await?
                && standing::note_configured(&mut transaction, stored.account, (noted, &new)).await?;
            if !applied {
                return Ok(None);
            }
            let ended = sessions::revoke_all(&mut *transaction, stored.account, self.clock.now()).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        });
        let faster = || Error::unavailable("another replica is changing the admin's password");
        let ended = ended.await?.ok_or_else(faster)?;
        tracing::warn!(
            event = "admin.password_applied",
            account_id = %stored.account, ended,
            "the configured password of the admin has changed: it was applied, and all sessions were ended"
        );
        Ok(())
    }
}
