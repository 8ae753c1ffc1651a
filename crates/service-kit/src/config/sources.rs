use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Env, Format, Toml},
    util::nest,
    value::{Dict, Map},
};

use super::secrets;

const PREFIX: &str = "LOLJOA__";
/// A variable whose name ends so names a file that holds the value, such as a mounted secret.
const NAMES_A_FILE: &str = "_FILE";

/// What was read, and where from.
struct Read {
    metadata: Metadata,
    values: Map<Profile, Dict>,
}

impl Provider for Read {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(self.values.clone())
    }
}

/// All sources, later ones over earlier ones, or everything that cannot be read.
pub(super) fn read(paths: &[PathBuf]) -> Result<Figment, Vec<String>> {
    let (mut figment, mut problems) = (Figment::new(), Vec::new());
    for file in paths.iter().flat_map(|path| files(path)) {
        match file.and_then(|file| toml(&file)) {
            Ok(read) => figment = figment.merge(read),
            Err(problem) => problems.push(problem),
        }
    }
    let variables = Env::prefixed(PREFIX).filter(|key| !names_a_file(key.as_str())).split("__");
    figment = secrets::with_environment(figment, variables);
    for (variable, path) in named_files() {
        match held(&variable, &path) {
            Ok(read) => figment = figment.merge(read),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(figment) } else { Err(problems) }
}

/// Whether what is configured can change while the process runs: some of it stands in files.
pub(super) fn can_change(paths: &[PathBuf]) -> bool {
    !paths.is_empty() || named_files().next().is_some()
}

/// The file, or, of a folder, its `*.toml` by name, as a `ConfigMap` or a secret is mounted.
fn files(path: &Path) -> Vec<Result<PathBuf, String>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    match entries {
        Ok(entries) => {
            let paths = entries.into_iter().map(|entry| entry.path());
            let mut paths: Vec<_> =
                paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
            paths.sort();
            paths.into_iter().map(Ok).collect()
        }
        Err(error) => vec![Err(unreadable(path, &error))],
    }
}

/// Only the place of a mistake is told, because the line may hold a secret.
fn toml(path: &Path) -> Result<Read, String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let values = Toml::string(&text).data().map_err(|error| {
        let told = error.to_string();
        format!("{}: {}", path.display(), told.lines().next().unwrap_or_default())
    })?;
    Ok(Read { metadata: Metadata::from("TOML file", path), values })
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

fn names_a_file(key: &str) -> bool {
    key.to_ascii_uppercase().ends_with(NAMES_A_FILE)
}

/// The variables that name a file, without their ending, and the files.
fn named_files() -> impl Iterator<Item = (String, PathBuf)> {
    env::vars_os().filter_map(|(name, path)| {
        let name = name.to_str()?;
        let variable = name.strip_suffix(NAMES_A_FILE).filter(|_| name.starts_with(PREFIX))?;
        Some((variable.to_owned(), PathBuf::from(path)))
    })
}

/// What the file holds is text, whatever it looks like; a newline at its end is its editor's.
fn held(variable: &str, path: &Path) -> Result<Read, String> {
    if env::var_os(variable).is_some() {
        return Err(format!("{variable} and {variable}{NAMES_A_FILE} are both set: leave one out"));
    }
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{variable}{NAMES_A_FILE}: {}", unreadable(path, &error)))?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.trim_end_matches('\r'));
    let key = variable.trim_start_matches(PREFIX).to_ascii_lowercase().replace("__", ".");
    let values = nest(&key, text.into()).into_dict().unwrap_or_default();
    let metadata = Metadata::from(format!("{variable}{NAMES_A_FILE}"), path);
    Ok(Read { metadata, values: Profile::Default.collect(values) })
}
