//! What the admin has done.

use std::{collections::BTreeMap, fmt};

/// How often each deed was done, and how often it was refused.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<&'static str, (usize, usize)>);

impl Tally {
    pub(super) fn note(&mut self, name: &'static str, done: bool) {
        let (times, refused) = self.0.entry(name).or_default();
        *times += 1;
        *refused += usize::from(!done);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.iter().map(|(name, (times, refused))| match refused {
            0 => format!("{name} {times}"),
            _ => format!("{name} {times} ({refused} refused)"),
        });
        f.write_str(&told.collect::<Vec<_>>().join(", "))
    }
}
