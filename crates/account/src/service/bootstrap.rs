//! The admin that configuration asks for.

use std::time::Duration;

use loljoa_service_kit::{AccountId, Error, ErrorCode, health::Health};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::{
    config::BootstrapAdmin,
    domain::{password, profile::Role, username::Username},
    store::accounts::{self, NewUser},
};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Makes the admin if there is none of this name, as soon as the database answers; then the replica has warmed up.
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
            Ok(()) => break,
            Err(error) if matches!(error.code, ErrorCode::Invalid | ErrorCode::Conflict) => {
                return Err(anyhow::anyhow!("bootstrap_admin: {error}"));
            }
            Err(error) => tracing::warn!(%error, "the admin could not be made yet"),
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

impl Service {
    async fn ensure_admin(&self, admin: &BootstrapAdmin) -> Result<(), Error> {
        let username = Username::parse(&admin.username)?;
        password::check(&admin.password)?;
        if self.is_admin(&username).await? {
            return Ok(());
        }
        let password_hash = self.hasher.hash(self.hasher.admit()?, admin.password.clone()).await?;
        let created_at = self.clock.now();
        let user =
            NewUser { account: AccountId::fresh(), username, password_hash, role: Role::Admin, created_at };
        if self.create(&user).await? {
            tracing::info!(username = user.username.shown, "made the admin");
            return Ok(());
        }
        // Another replica was faster.
        self.is_admin(&user.username).await.map(|_| ())
    }

    async fn is_admin(&self, username: &Username) -> Result<bool, Error> {
        match accounts::credentials_by_name(&self.pool, &username.key).await? {
            None => Ok(false),
            Some(found) if found.role == Role::Admin => Ok(true),
            Some(_) => Err(Error::conflict("username_taken", "a user who is no admin has this name")),
        }
    }
}
