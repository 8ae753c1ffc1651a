//! All that the lab says to the person in front of it.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

/// Says a line. That nobody listens any more is no failure.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Says a line beside the results.
pub fn complain(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
