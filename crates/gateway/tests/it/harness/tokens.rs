//! Access tokens, good and bad.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use loljoa_service_kit::{AccountId, Clock};
use serde_json::{Value, json};

/// Signs tokens with one key, as account does.
#[derive(Clone)]
pub(crate) struct Signer {
    kid: String,
    key: EncodingKey,
}

impl Signer {
    /// A fresh key.
    pub(crate) fn new(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        Self { kid: kid.to_owned(), key }
    }

    /// The public half, as one key of a set.
    pub(crate) fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        jwk
    }

    /// A key set of this key alone.
    pub(crate) fn key_set(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    /// A good token of a fresh account with this role.
    pub(crate) fn token(&self, role: &str) -> String {
        self.sign(&claims(role))
    }

    /// A token with these claims, signed as account signs.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// What a good token says.
pub(crate) fn claims(role: &str) -> Value {
    let now = Clock::system().now().timestamp();
    json!({
        "iss": "loljoa", "aud": "loljoa-web", "sub": AccountId::fresh(), "role": role, "username": "faker",
        "iat": now, "exp": now + 900, "jti": AccountId::fresh(),
    })
}

/// The same claims with one of them changed.
pub(crate) fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}
