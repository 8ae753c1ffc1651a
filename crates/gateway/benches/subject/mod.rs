//! What is measured, made once.

use std::sync::Arc;

use loljoa_service_kit::{
    Clock,
    config::Tokens,
    grpc::client,
    identity::{Keys, Verifier},
};
use loljoa_test_tokens::{Publisher, Signer};
use tokio::runtime::Runtime;

/// A door at which tokens are checked, and a good one.
pub(crate) struct Door {
    // The keys are fetched in it.
    runtime: Runtime,
    token: String,
    remembering: Verifier,
    forgetting: Verifier,
}

impl Door {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let signer = Signer::new("bench");
        let keys = runtime.block_on(async {
            let account = Publisher::start(signer.key_set()).await;
            let config = Tokens::default();
            let channel = client::connect(&account.upstream()).expect("account has an address");
            let keys = Arc::new(Keys::new(channel, config.refresh_pause()));
            keys.document().await.expect("account publishes keys");
            keys
        });
        let config = Tokens::default();
        let remembering = Verifier::new(&config, Arc::clone(&keys), Clock::system());
        let forgetting = Verifier::of_admins(&config, keys, Clock::system());
        let door = Self { token: signer.token("user"), runtime, remembering, forgetting };
        assert!(door.check_again() && door.check(), "the token is good");
        door
    }

    /// Checks a token that was checked before.
    pub(crate) fn check_again(&self) -> bool {
        self.runtime.block_on(self.remembering.verify(&self.token)).is_ok()
    }

    /// Checks it as if for the first time.
    pub(crate) fn check(&self) -> bool {
        self.runtime.block_on(self.forgetting.verify(&self.token)).is_ok()
    }
}
