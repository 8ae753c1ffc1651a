use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;

use crate::{
    console::say,
    report::{document, gallery, is_for_document, page},
    results::{self, Results},
};

#[derive(Args)]
#[command(
    after_help = "Several results are told as one, when they come from one machine and hold no run twice.\n\nExamples:\n  \
    loljoa-bench report target/bench/results.json --html report.html\n  \
    loljoa-bench report target/bench/results.json target/bench/long.json --document docs/performance.md"
)]
pub(super) struct Arguments {
    /// What `run --json` wrote
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// The page [default: beside the first of the results]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The document, such as docs/performance.md, and its plots in a folder beside it [default: none]
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let all = arguments.results.iter().map(|file| Results::read(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let found = Results::join(all)?;
    let first = arguments.results.first().context("there are no results")?;
    let html = arguments.html.clone().unwrap_or_else(|| first.with_extension("html"));
    results::write(&html, &page(&found)?)?;
    say(html.display());
    if let Some(file) = &arguments.document {
        write_document(file, &found)?;
        say(file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The document and the plots that it shows; those of the document before are gone.
fn write_document(file: &Path, found: &Results) -> anyhow::Result<()> {
    let stem = file.file_stem().and_then(OsStr::to_str).context("the document has no name")?;
    let folder = file.with_extension("");
    anyhow::ensure!(folder != *file, "{} has no ending, and its plots would be in its place", file.display());
    forget_plots(&folder)?;
    let plots = gallery(found)?;
    for plot in plots.iter().filter(|plot| is_for_document(&plot.name)) {
        results::write(&folder.join(format!("{}.svg", plot.name)), &plot.svg)?;
    }
    results::write(file, &document(found, &plots, stem))
}

fn forget_plots(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "svg") {
            fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    #[test]
    fn a_document_has_its_plots_beside_it_and_none_of_the_document_before() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("docs/performance.md");
        let folder = place.path().join("docs/performance");
        results::write(&folder.join("old.svg"), "").unwrap();
        results::write(&folder.join("note.txt"), "").unwrap();
        write_document(&file, &fixtures::results()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let mut shown = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_shown = text.contains(&format!("(performance/{name})"));
            assert!(is_shown || name == "note.txt", "{name}");
            shown += usize::from(is_shown);
        }
        assert_eq!(shown, text.matches(".svg)").count());
        assert!(write_document(&folder, &fixtures::results()).is_err(), "no ending");
    }
}
