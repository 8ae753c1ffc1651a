//! Looks at all worlds, and at each defect, and tells what was found.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use loljoa_model::{Defect, search, worlds};

fn main() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut is_sound = true;
    writeln!(out, "Each promise in each state that can be reached, for somebody …")?;
    for (name, world) in worlds::ALL {
        let explored = search::explore(world);
        is_sound &= explored.broken.is_empty();
        let kept = if explored.broken.is_empty() { "kept".to_owned() } else { explored.broken.join("; ") };
        writeln!(out, "  {name}: {} states, {kept}", explored.states)?;
    }
    writeln!(out, "Each rule that is left out …")?;
    for defect in Defect::ALL {
        let found = search::find(defect);
        is_sound &= found.is_some();
        let told = found.map(|found| format!("{} ({} steps)", found.promise, found.steps));
        writeln!(out, "  {defect:?} breaks promise {}", told.as_deref().unwrap_or("NONE"))?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
