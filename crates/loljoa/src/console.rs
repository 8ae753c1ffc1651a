//! All that the launcher says to the person in front of it.

use std::{
    fmt::Display,
    io::{IsTerminal, Write, stderr, stdin, stdout},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

const SPIN: Duration = Duration::from_millis(100);

/// Says a line. That nobody listens any more is no failure.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Says what went wrong.
pub fn complain(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Does `work`, saying what it is: with a spinner on a terminal, in plain lines elsewhere.
pub async fn step<T>(what: &str, work: impl Future<Output = T>) -> T {
    if !stderr().is_terminal() {
        complain(format_args!("{what} …"));
        return work.await;
    }
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    spinner.set_style(
        ProgressStyle::with_template("{spinner} {msg} … {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    spinner.enable_steady_tick(SPIN);
    let result = work.await;
    spinner.finish_and_clear();
    result
}

/// Asks a question that only `yes` answers with yes.
///
/// # Errors
///
/// When there is no terminal to ask at.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(stdin().is_terminal(), "there is no terminal to ask at: say --yes");
    let _ = write!(stdout(), "{question} Type yes: ");
    let _ = stdout().flush();
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// Lays rows out in columns as wide as their widest cell.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_its_columns_up() {
        let rows = [["team", "points"], ["T1", "18"]].map(|row| row.map(str::to_owned).to_vec());
        insta::assert_snapshot!(table(&rows), @r"
        team  points
        T1    18
        ");
    }
}
