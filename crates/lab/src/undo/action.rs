use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{cluster::kubectl, folder};

/// How something is put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// What runs in a folder is ended, and the folder goes.
    Folder {
        /// Which.
        path: PathBuf,
    },
    /// `kubectl` is asked to.
    Kubectl {
        /// Its arguments, which name cluster and namespace.
        arguments: Vec<String>,
    },
}

impl Action {
    /// Does it.
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Folder { path } => folder::clear(path).await,
            Self::Kubectl { arguments } => kubectl(arguments).await.map(drop),
        }
    }

    /// The command by which a person does it.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Self::Folder { path } => format!("pkill -INT -f '{0}' ; rm -r '{0}'", path.display()),
            Self::Kubectl { arguments } => {
                let quoted: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
                format!("kubectl {}", quoted.join(" "))
            }
        }
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_a_person_is_safe_in_a_shell() {
        let arguments = ["patch", "--patch", "{\"a\":\"it's\"}"].map(str::to_owned).to_vec();
        let command = Action::Kubectl { arguments }.command();
        assert_eq!(command, r#"kubectl patch --patch '{"a":"it'\''s"}'"#);
    }
}
