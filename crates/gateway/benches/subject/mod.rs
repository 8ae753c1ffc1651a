//! What is measured, made once.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use loljoa_service_kit::{
    Clock,
    config::{Tokens, Upstream},
    grpc::client,
    identity::{Keys, Verifier},
};
use loljoa_test_tokens::{Publisher, Signer};
use tokio::runtime::{Builder, Runtime};

/// Under valgrind all is slow. Milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// A door at which tokens are checked, and a good one.
pub(crate) struct Door {
    // The way to account lives in it.
    _runtime: Runtime,
    token: String,
    remembering: Verifier,
    forgetting: Verifier,
}

impl Door {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let signer = Signer::new("bench");
        let keys = runtime.block_on(async {
            let account = Publisher::start(signer.key_set()).await;
            let upstream = Upstream { timeout_ms: PATIENCE_MS, ..account.upstream() };
            let channel = client::connect(&upstream).expect("account has an address");
            let keys = Arc::new(Keys::new(channel, Duration::ZERO));
            keys.document().await.expect("account publishes keys");
            keys
        });
        let config = Tokens::default();
        let remembering = Verifier::new(&config, Arc::clone(&keys), Clock::system());
        let forgetting = Verifier::of_admins(&config, keys, Clock::system());
        let door = Self { token: signer.token("user"), _runtime: runtime, remembering, forgetting };
        assert!(door.check_again() && door.check(), "the token is good");
        door
    }

    /// Checks a token that was checked before.
    pub(crate) fn check_again(&self) -> bool {
        self.remembering.verify(&self.token).now_or_never().is_some_and(|holder| holder.is_ok())
    }

    /// Checks it as if for the first time.
    pub(crate) fn check(&self) -> bool {
        self.forgetting.verify(&self.token).now_or_never().is_some_and(|holder| holder.is_ok())
    }
}
