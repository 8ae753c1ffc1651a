//! Computing argon2id hashes.

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;

/// glibc gives memory straight back to the system only above 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`); what is smaller
/// stays with the thread that freed it, and after a busy minute that is half a gigabyte. The rest of the reservation is
/// never touched, so it costs nothing.
const LEAST_RESERVED_BLOCKS: usize = 33 * 1_024 * 1_024 / Block::SIZE;

/// Why a hash could not be computed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("a password could not be hashed: {0}")]
    Argon(#[from] argon2::Error),
    #[error("a stored password hash cannot be read: {0}")]
    Phc(#[from] argon2::password_hash::phc::Error),
    #[error("a stored password hash cannot be read: {0}")]
    Params(#[from] argon2::password_hash::Error),
    #[error("a stored password hash cannot be read: no salt")]
    NoSalt,
}

/// Hashes a new password, as a PHC string.
pub(super) fn hash(params: &Params, password: &[u8]) -> Result<String, Error> {
    let salt = Salt::new(&rand::random::<[u8; SALT_BYTES]>())?;
    let output = compute(params.clone(), password, &salt)?;
    phc_string(params, salt, output)
}

/// Whether the password has this hash, under the parameters that the hash was made with.
pub(super) fn verify(password: &[u8], hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    let params = Params::try_from(&hash)?;
    let salt = hash.salt.ok_or(Error::NoSalt)?;
    // Outputs compare in constant time.
    Ok(Some(compute(params, password, &salt)?) == hash.hash)
}

/// A hash that no password is known for.
pub(super) fn nobody(params: &Params) -> Result<String, Error> {
    let salt = Salt::new(&rand::random::<[u8; SALT_BYTES]>())?;
    phc_string(params, salt, Output::new(&rand::random::<[u8; OUTPUT_BYTES]>())?)
}

fn compute(params: Params, password: &[u8], salt: &Salt) -> Result<Output, Error> {
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(LEAST_RESERVED_BLOCKS));
    memory.resize(blocks, Block::new());
    let mut output = [0; OUTPUT_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt.as_ref(), &mut output, &mut memory)?;
    Ok(Output::new(&output)?)
}

fn phc_string(params: &Params, salt: Salt, output: Output) -> Result<String, Error> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

    use super::*;

    fn params() -> Params {
        Params::new(64, 1, 1, None).unwrap()
    }

    #[test]
    fn hashes_are_what_everybody_else_computes() {
        let hash = hash(&params(), b"correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let hash = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", &hash).is_ok());
    }

    #[test]
    fn a_hash_is_verified_under_the_parameters_that_it_was_made_with() {
        let old = hash(&Params::new(128, 2, 1, None).unwrap(), b"correct horse").unwrap();
        assert!(verify(b"correct horse", &old).unwrap());
        assert!(!verify(b"wrong horse", &old).unwrap());
        assert!(!verify(b"correct horse", &nobody(&params()).unwrap()).unwrap());
        assert!(verify(b"correct horse", "not a hash").is_err());
    }
}
