use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use figment::{
    Figment,
    providers::{Format, Toml},
};
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

const PASSWORD_LENGTH: usize = 24;

/// What is generated once for a data directory and never leaves it, save for what a person needs to log in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The password of PostgreSQL's superuser.
    pub postgres: SecretString,
    /// The password of account's role.
    pub account: SecretString,
    /// The password of league-schedule's role.
    pub league_schedule: SecretString,
    /// The password of betting's role.
    pub betting: SecretString,
    /// The password of the user [`ADMIN`](crate::system::ADMIN).
    pub admin: SecretString,
    /// The password of every demo bettor.
    pub demo: SecretString,
    /// 32 bytes in base64 that account seals its token signing keys with.
    pub sealing_key: SecretString,
}

impl Secrets {
    pub(super) fn generate() -> Self {
        Self {
            postgres: password(),
            account: password(),
            league_schedule: password(),
            betting: password(),
            admin: password(),
            demo: password(),
            sealing_key: BASE64_STANDARD.encode(rand::random::<[u8; 32]>()).into(),
        }
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let secrets = Figment::from(Toml::file_exact(file)).extract();
        secrets.with_context(|| format!("{} cannot be read", file.display()))
    }

    /// Writes the file whole or not at all, readable for its owner only.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let directory = file.parent().context("the secrets are in a directory")?;
        let private = Permissions::from_mode(0o600);
        let mut draft = tempfile::Builder::new().permissions(private).tempfile_in(directory)?;
        for (key, value) in self.entries() {
            writeln!(draft, "{key} = \"{}\"", value.expose_secret())?;
        }
        draft.as_file().sync_all()?;
        draft.persist(file).with_context(|| format!("{} cannot be written", file.display()))?;
        fs::File::open(directory)?.sync_all()?;
        Ok(())
    }

    const fn entries(&self) -> [(&'static str, &SecretString); 7] {
        [
            ("postgres", &self.postgres),
            ("account", &self.account),
            ("league_schedule", &self.league_schedule),
            ("betting", &self.betting),
            ("admin", &self.admin),
            ("demo", &self.demo),
            ("sealing_key", &self.sealing_key),
        ]
    }
}

/// Letters and digits only, so that it needs no escaping in a URL, in SQL or in TOML.
fn password() -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_back_as_they_were_written_and_only_their_owner_can_read_them() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secrets.toml");
        let secrets = Secrets::generate();
        secrets.write(&file).unwrap();

        let read = Secrets::read(&file).unwrap();
        let exposed =
            |secrets: &Secrets| secrets.entries().map(|(_, value)| value.expose_secret().to_owned());
        assert_eq!(exposed(&read), exposed(&secrets));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let values = Secrets::generate().entries().map(|(_, value)| value.expose_secret().to_owned());
        let distinct: std::collections::HashSet<_> = values.iter().collect();
        assert_eq!(distinct.len(), values.len());
    }
}
