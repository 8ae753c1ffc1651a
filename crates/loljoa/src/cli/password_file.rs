use std::{fs, path::Path};

use anyhow::Context;
use secrecy::SecretString;

/// The password that stands in a file, as mounted Secrets do; a newline at its end does not count.
pub(super) fn read(path: &Path) -> anyhow::Result<SecretString> {
    let text = fs::read_to_string(path).with_context(|| format!("--password-file {}", path.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "--password-file {}: the file is empty", path.display());
    Ok(password.into())
}
