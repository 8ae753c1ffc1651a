//! Making key pairs.

use aws_lc_rs::{
    digest::{SHA256, digest},
    error::Unspecified,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const COORDINATE_BYTES: usize = 32;

/// A fresh ES256 key pair.
pub(super) struct Material {
    /// The RFC 7638 thumbprint of the public key.
    pub(super) kid: String,
    /// An RFC 7517 key.
    pub(super) public_jwk: Value,
    /// PKCS#8.
    pub(super) private: Vec<u8>,
}

impl Material {
    pub(super) fn generate() -> Result<Self, Unspecified> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).map_err(|_| Unspecified)?;
        // An uncompressed point: a byte that says so, then both coordinates.
        let point = pair.public_key().as_ref().get(1..).ok_or(Unspecified)?;
        let (x, y) = point.split_at_checked(COORDINATE_BYTES).ok_or(Unspecified)?;
        let (x, y) = (BASE64_URL_SAFE_NO_PAD.encode(x), BASE64_URL_SAFE_NO_PAD.encode(y));
        let kid = thumbprint(&x, &y);
        let public_jwk =
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig", "kid": kid});
        Ok(Self { kid, public_jwk, private: private.as_ref().to_vec() })
    }
}

/// The members and their order are fixed by RFC 7638.
fn thumbprint(x: &str, y: &str) -> String {
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}
