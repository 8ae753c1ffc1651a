use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use rust_embed::RustEmbed;
use serde_json::Value;

use crate::data_dir::DataDir;

/// The rules and dashboards that the chart brings, too.
#[derive(RustEmbed)]
#[folder = "../../helm/loljoa/monitoring"]
struct Monitoring;

/// A folder of a tool's own, below the data directory.
pub(super) fn folder(data: &DataDir, name: &str) -> anyhow::Result<PathBuf> {
    let folder = data.path().join("observe").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// Writes a configuration. JSON is YAML, too.
pub(super) fn write(file: &Path, content: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_vec_pretty(content)?;
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Writes what the chart brings under `kind` (`rules`, `dashboards`) into `folder`.
pub(super) fn unpack(kind: &str, folder: &Path) -> anyhow::Result<()> {
    for path in Monitoring::iter() {
        let (Some((of, name)), Some(file)) = (path.split_once('/'), Monitoring::get(&path)) else { continue };
        if of == kind {
            let target = folder.join(name);
            fs::write(&target, file.data)
                .with_context(|| format!("{} cannot be written", target.display()))?;
        }
    }
    Ok(())
}
