//! Counting failures to prove a password.

use loljoa_service_kit::{Error, metrics::refused, postgres};
use sqlx::PgConnection;

use super::Service;
use crate::{
    SERVICE,
    domain::{
        origin::{self, ALL_NAMES},
        throttle::Policy,
    },
    store::login_failures,
};

impl Service {
    /// Counts an attempt as failed until it has succeeded: against the address, whichever names it tries, and against the
    /// account as seen from this address, so that nobody can lock another out.
    ///
    /// The network comes first, then the address, for everybody, so that two attempts never wait for each other. Who is told to
    /// wait by one of them is counted by none.
    pub(super) async fn count_attempt(&self, username_key: &str, client_address: &str) -> Result<(), Error> {
        let origin = origin::of(client_address);
        let mut transaction = postgres::begin(&self.pool).await?;
        if let Some(network) = origin::network_of(client_address) {
            self.count(&mut transaction, self.throttle.network, ALL_NAMES, &network).await?;
        }
        self.count(&mut transaction, self.throttle.address, ALL_NAMES, &origin).await?;
        self.count(&mut transaction, self.throttle.account, username_key, &origin).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn count(
        &self,
        connection: &mut PgConnection,
        policy: Policy,
        username_key: &str,
        origin: &str,
    ) -> Result<(), Error> {
        let known = login_failures::find_for_update(connection, username_key, origin).await?;
        let failures = policy.attempt(known, self.clock.now()).map_err(|wait| {
            let of = if username_key == ALL_NAMES { "" } else { " to this account" };
            let message = format!("too many failed log-ins{of} from here");
            refused(SERVICE, "log_in");
            Error::exhausted("login_throttled", message, wait)
        })?;
        login_failures::update(connection, username_key, origin, failures).await?;
        Ok(())
    }

    /// Takes back what [`Self::count_attempt`] has counted, as the password was right: the account's failures are
    /// forgotten. The address's are not, or who has one account could try all others for ever.
    pub(super) async fn attempt_succeeded(
        &self,
        username_key: &str,
        client_address: &str,
    ) -> Result<(), Error> {
        let origin = origin::of(client_address);
        let mut transaction = postgres::begin(&self.pool).await?;
        if let Some(network) = origin::network_of(client_address) {
            login_failures::take_back(&mut *transaction, ALL_NAMES, &network).await?;
        }
        login_failures::take_back(&mut *transaction, ALL_NAMES, &origin).await?;
        login_failures::clear(&mut *transaction, username_key, &origin).await?;
        transaction.commit().await?;
        Ok(())
    }
}
