//! Changing a password.

use loljoa_service_kit::{AccountId, Error, postgres};
use secrecy::SecretString;

use super::{OpenSession, Service, unknown_account};
use crate::{
    domain::password,
    store::{accounts, sessions, standing},
};

impl Service {
    /// Sets another password for who knows the present one: every session of the account ends, and a new one is opened.
    ///
    /// Guesses count as failed log-ins do. The same request once more succeeds again: the password that it sets is then
    /// the present one.
    pub(crate) async fn change_password(
        &self,
        account: AccountId,
        (current, new): (SecretString, SecretString),
        client_address: &str,
    ) -> Result<OpenSession, Error> {
        password::check_field(&new, "newPassword")?;
        password::check_field(&current, "currentPassword").map_err(|_| wrong_password())?;
        // Whoever finds no room is not counted as having guessed.
        let (first, second) = (self.hasher.admit()?, self.hasher.admit()?);
        let mut db = postgres::reading(&self.pool).await?;
        let stored = accounts::credentials(&mut *db, account).await?.ok_or_else(unknown_account)?;
        drop(db);
        self.count_attempt(&stored.username_key, client_address).await?;
        let old = stored.password_hash;
        let hash = if self.hasher.verify(first, current, Some(old.clone())).await? {
            self.hasher.hash(second, new).await?
        } else {
            // Otherwise one attempt would try two passwords.
            self.count_attempt(&stored.username_key, client_address).await?;
            if !self.hasher.verify(second, new, Some(old.clone())).await? {
                return Err(wrong_password());
            }
            old.clone()
        };
        if !self.replace_password(account, &old, &hash).await? {
            return Err(wrong_password());
        }
        self.attempt_succeeded(&stored.username_key, client_address).await?;
        self.open_session(account, &hash).await
    }

    /// Replaces one password by another and ends every session, in one commit; tells whether it was still the one.
    async fn replace_password(&self, account: AccountId, old: &str, new: &str) -> Result<bool, Error> {
        let now = self.clock.now();
        let replaced = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let replaced = standing::replace_password(&mut transaction, account, (old, new)).await?;
            if replaced {
                sessions::revoke_all(&mut *transaction, account, now).await?;
            }
            transaction.commit().await?;
            Ok(replaced)
        });
        Ok(replaced.await?)
    }
}

fn wrong_password() -> Error {
    Error::invalid_field("currentPassword", "password_wrong", "is not the account's password")
}
