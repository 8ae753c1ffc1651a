//! Logging in.

use loljoa_service_kit::{Error, ErrorCode, metrics::refused, postgres};

use super::{Credentials, OpenSession, Service};
use crate::{
    SERVICE,
    domain::{password, username::Username},
    store::{accounts, login_failures},
};

impl Service {
    /// Opens a session. An unknown user and a wrong password cost the same work and get the same answer.
    pub(crate) async fn log_in(
        &self,
        credentials: Credentials,
        client_address: &str,
    ) -> Result<OpenSession, Error> {
        let well_formed = password::check(&credentials.password).is_ok();
        let Some(username) = Username::parse(&credentials.username).ok().filter(|_| well_formed) else {
            return Err(invalid_credentials());
        };
        let admission = self.hasher.admit()?;
        self.count_attempt(&username, client_address).await?;
        let stored = accounts::credentials_by_name(&self.pool, &username.key).await?;
        let (account, hash) = stored.map(|stored| (stored.account, stored.password_hash)).unzip();
        let verified = self.hasher.verify(admission, credentials.password, hash).await?;
        let account = account.filter(|_| verified).ok_or_else(invalid_credentials)?;
        login_failures::clear(&self.pool, &username.key, client_address).await?;
        self.open_session(account).await
    }

    /// Counts the attempt as failed until it has succeeded.
    async fn count_attempt(&self, username: &Username, client_address: &str) -> Result<(), Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let key = &username.key;
        let known = login_failures::find_for_update(&mut transaction, key, client_address).await?;
        let counted = self.throttle.attempt(known, self.clock.now());
        let failures = counted.map_err(|wait| {
            refused(SERVICE, "log_in");
            Error::exhausted("login_throttled", "too many failed log-ins to this account from here", wait)
        })?;
        login_failures::update(&mut transaction, key, client_address, failures).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn invalid_credentials() -> Error {
    Error::new(ErrorCode::Unauthenticated, "invalid_credentials", "the username or the password is wrong")
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::{Clock, config::Database};
    use sqlx::PgPool;

    use super::*;
    use crate::{config::Config, ledger, service::SignUp};

    /// A service whose ledger nobody works for.
    fn service(pool: &PgPool) -> Service {
        let mut config =
            Config::new(Database::at("postgres://"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        (config.passwords.memory_kib, config.passwords.passes) = (64, 1);
        let (ledger, _) = ledger::new(&config.ledger, pool);
        crate::service(&config, pool, pool, Clock::system(), ledger).unwrap()
    }

    fn credentials(username: &str, password: &str) -> Credentials {
        Credentials { username: username.into(), password: password.into() }
    }

    #[sqlx::test]
    async fn an_unknown_user_costs_the_same_work_as_a_wrong_password(pool: PgPool) {
        let service = service(&pool);
        let request = SignUp { credentials: credentials("faker", "correct horse"), key: None };
        service.sign_up(request).await.unwrap();
        let mut hashes = Vec::new();
        for (username, password) in
            [("faker", "wrong horse"), ("nobody", "wrong horse"), ("faker", "correct horse")]
        {
            let before = service.hasher.computed();
            let _ = service.log_in(credentials(username, password), "home").await;
            hashes.push(service.hasher.computed() - before);
        }
        assert_eq!(hashes, [1, 1, 1]);
    }
}
