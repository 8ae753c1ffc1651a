//! Logging in.

use loljoa_service_kit::{Error, postgres};

use super::{Credentials, OpenSession, Service, sessions::invalid_credentials};
use crate::{
    domain::{password, username::Username},
    store::accounts,
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
        self.count_attempt(&username.key, client_address).await?;
        let stored =
            accounts::credentials_by_name(&mut *postgres::reading(&self.pool).await?, &username.key).await?;
        let hash = stored.as_ref().map(|stored| stored.password_hash.clone());
        let verified = self.hasher.verify(admission, credentials.password, hash).await?;
        let stored = stored.filter(|_| verified).ok_or_else(invalid_credentials)?;
        self.attempt_succeeded(&username.key, client_address).await?;
        self.open_session(stored.account, &stored.password_hash).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use loljoa_service_kit::{AccountId, BetId, Clock, ErrorCode, MarketId, Points, config::Database, ids};
    use sqlx::PgPool;
    use tokio::time;

    use super::*;
    use crate::{
        config::Config,
        domain::transfer::{Kind, Outcome, Transfer},
        ledger,
        service::SignUp,
    };

    const PATIENCE: Duration = Duration::from_secs(20);

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

    fn stake(account: AccountId) -> Transfer {
        let bet = BetId(ids::fresh());
        Transfer {
            id: bet.stake_transfer(),
            kind: Kind::Stake,
            account,
            market: Some(MarketId::fresh()),
            bet: Some(bet),
            points: Points(10),
            fingerprint: b"request".to_vec(),
            closes: None,
        }
    }

    #[sqlx::test]
    async fn bets_go_on_while_the_queue_of_passwords_is_full(pool: PgPool) {
        let mut service = service(&pool);
        let (ledger, workers) = ledger::new(&crate::config::Ledger::default(), &pool);
        for worker in workers {
            tokio::spawn(worker.run());
        }
        service.ledger = ledger;
        let request = SignUp { credentials: credentials("faker", "correct horse"), key: None };
        let account = service.sign_up(request).await.unwrap().account.profile.account;
        let log_in = async || service.log_in(credentials("faker", "correct horse"), "home").await;

        let storm = service.hasher.occupy();
        for _ in 0..20 {
            let refused = log_in().await.unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Exhausted, "too_many_passwords"));
            assert!(refused.retry_after.is_some());
            let bet = time::timeout(PATIENCE, service.ledger.apply(vec![stake(account)])).await;
            assert_eq!(bet.expect("no bet waits for a password").unwrap(), [Outcome::Applied]);
        }
        drop(storm);
        let after = async {
            while let Err(error) = log_in().await {
                assert_eq!(error.reason, "too_many_passwords");
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        time::timeout(PATIENCE, after).await.expect("whoever comes again gets in");
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
