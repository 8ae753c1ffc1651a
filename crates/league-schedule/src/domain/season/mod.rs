//! Season files: JSON in our own format (`docs/season-format.md`), or a table in CSV.
//!
//! Reading never stops at the first mistake: every line comes out as an entry, good or refused with a reason, so that a
//! person fixes all of them at once.

mod csv;
mod fixture;
mod json;
mod stages;
mod whole;
pub mod words;

use std::collections::HashMap;

pub use fixture::{Ending, Fixture};
pub use stages::Course;

use super::Team;

/// No larger file is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// One line of a season file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// From 1, as an editor counts; 0 speaks of the file as a whole.
    pub line: usize,
    /// What the line is about, such as `T1–GEN 2022-02-12`.
    pub subject: String,
    /// What the line says, or why it cannot be taken.
    pub content: Result<T, String>,
}

/// A season file, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Season {
    /// The line at which the file cannot be read further, and why; then nothing else is known of it.
    pub refused: Option<(usize, String)>,
    /// Its teams.
    pub teams: Vec<Entry<Club>>,
    /// Its matches, in the file's order.
    pub matches: Vec<Entry<Fixture>>,
    /// The stages of its tournaments, where it says them.
    pub courses: Vec<Entry<Course>>,
}

/// A team of a season file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Club {
    /// What it is called.
    pub team: Team,
    /// The codes that it bore before; `None` when the file does not say.
    pub formerly: Option<Vec<String>>,
}

/// How a season file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own format.
    Json,
    /// A table with a header.
    Csv,
}

/// Reads a season file.
#[must_use]
pub fn read(format: Format, content: &[u8]) -> Season {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let text = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => {
            let line = Lines::of(content).at(error.valid_up_to());
            return Season::refused(line, "the file is not UTF-8".into());
        }
    };
    match format {
        Format::Json => json::read(text),
        Format::Csv => csv::read(text),
    }
}

impl Season {
    /// The same with tournaments spelt as in `known`, or else as the file first spells them: another case begins none.
    #[must_use]
    pub fn spelt_as<'a>(mut self, known: impl Iterator<Item = &'a str>) -> Self {
        let mut spellings: HashMap<_, _> = known.map(|name| (words::fold(name), name.to_owned())).collect();
        let mut spell = |name: &mut String| {
            let spelling = spellings.entry(words::fold(name));
            *name = spelling.or_insert_with(|| name.clone()).clone();
        };
        for fixture in self.matches.iter_mut().filter_map(|entry| entry.content.as_mut().ok()) {
            spell(&mut fixture.tournament);
        }
        for course in self.courses.iter_mut().filter_map(|entry| entry.content.as_mut().ok()) {
            spell(&mut course.tournament);
            let carries = course.stages.iter_mut().flat_map(|stage| &mut stage.carries);
            carries.filter_map(|carried| carried.tournament.as_mut()).for_each(&mut spell);
        }
        self
    }

    fn refused(line: usize, why: String) -> Self {
        Self { refused: Some((line, why)), ..Self::default() }
    }
}

/// Tells on which line an offset lies; quick for offsets in ascending order.
struct Lines<'a> {
    content: &'a [u8],
    offset: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    const fn of(content: &'a [u8]) -> Self {
        Self { content, offset: 0, line: 1 }
    }

    fn at(&mut self, offset: usize) -> usize {
        if offset < self.offset {
            *self = Self::of(self.content);
        }
        let between = self.content.get(self.offset..offset).unwrap_or_default();
        self.line += between.split(|byte| *byte == b'\n').skip(1).count();
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests;
