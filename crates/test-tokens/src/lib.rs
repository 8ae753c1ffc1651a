//! Access tokens for tests, good and bad, somebody who publishes the keys that check them, and certificates of servers.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

pub mod certificates;
mod gate;
mod publisher;
mod sealed;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use loljoa_service_kit::{AccountId, Clock, identity::Bearer};
use serde_json::{Value, json};

pub use self::{
    gate::{calls, calls_of, refusal},
    publisher::Publisher,
};

/// Signs tokens with one key, as account does.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: EncodingKey,
    /// PKCS#8.
    private: Vec<u8>,
}

impl Signer {
    /// A fresh key.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    #[must_use]
    pub fn new(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::of(kid, pair.to_pkcs8v1().unwrap().as_ref().to_vec())
    }

    fn of(kid: &str, private: Vec<u8>) -> Self {
        Self { kid: kid.to_owned(), key: EncodingKey::from_ec_der(&private), private }
    }

    /// The public half, as one key of a set.
    ///
    /// # Panics
    ///
    /// Never for a key of ours.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        jwk
    }

    /// A key set of this key alone.
    #[must_use]
    pub fn key_set(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    /// A good token of a fresh account with this role.
    #[must_use]
    pub fn token(&self, role: &str) -> String {
        self.sign(&claims(role))
    }

    /// A token with these claims, signed as account signs.
    ///
    /// # Panics
    ///
    /// Never for claims that are JSON.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    /// Tokens that nobody takes for an admin's, each with what is the matter with it and the reason that is given. The key's
    /// name is known where they are checked.
    #[must_use]
    pub fn no_admins(&self) -> Vec<(&'static str, String, &'static str)> {
        let admin = || claims("admin");
        let past = Clock::system().now().timestamp() - 1;
        vec![
            ("a user's", self.token("user"), "admin_required"),
            (
                "signed with another key of the same name",
                Self::new(&self.kid).token("admin"),
                "token_invalid",
            ),
            ("signed with an unknown key", Self::new("unknown").token("admin"), "token_invalid"),
            ("that has ended", self.sign(&with(admin(), "exp", json!(past))), "token_expired"),
            ("for another audience", self.sign(&with(admin(), "aud", json!("another"))), "token_invalid"),
            ("of no session", self.sign(&with(admin(), "sid", Value::Null)), "session_over"),
            ("by another issuer", self.sign(&with(admin(), "iss", json!("another"))), "token_invalid"),
            ("that is none", "x.y.z".to_owned(), "token_invalid"),
        ]
    }
}

/// What a good token says.
#[must_use]
pub fn claims(role: &str) -> Value {
    let now = Clock::system().now().timestamp();
    json!({
        "iss": "loljoa", "aud": "loljoa-web", "sub": AccountId::fresh(), "sid": AccountId::fresh(), "role": role,
        "username": "faker", "iat": now, "exp": now + 900, "jti": AccountId::fresh(),
    })
}

/// What a token says, whoever has signed it.
///
/// # Panics
///
/// When it is no token.
#[must_use]
pub fn said(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

/// The same claims with one of them changed.
#[must_use]
pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// A token on its way with calls.
///
/// # Panics
///
/// When the token cannot be sent.
#[must_use]
pub fn bearer(token: &str) -> Bearer {
    Bearer::new(token).unwrap()
}
