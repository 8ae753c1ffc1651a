//! How a cup is played: a table or two, and then a bracket.

use crate::fuzz::line::Line;

/// Who plays on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Team(&'static str),
    /// Who has won this match of the cup.
    Winner(usize),
    /// Who has lost it.
    Loser(usize),
}

use Side::{Loser, Team, Winner};

/// The block and the sides of a match.
pub(super) type Planned = (&'static str, [Side; 2]);

/// All that is planned of a cup.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The groups; one of them is the table of a round robin.
    pub(super) groups: &'static [&'static [&'static str]],
    /// The rounds of the bracket, each a block and its side.
    pub(super) rounds: &'static [(&'static str, Option<&'static str>)],
    /// In the order in which they are played.
    pub(super) matches: &'static [Planned],
}

/// The block of the tables.
pub(in crate::fuzz) const TABLES: &str = "Battle";

/// Two groups and a single elimination of four, a round robin and a double elimination, groups and a single elimination of six.
pub(super) const FORMATS: [Format; 3] = [
    Format {
        groups: &[&["T1", "GEN", "DK"], &["KT", "HLE", "DRX"]],
        rounds: &[("Semifinals", None), ("Final", None)],
        matches: &[
            (TABLES, [Team("T1"), Team("GEN")]),
            (TABLES, [Team("KT"), Team("HLE")]),
            (TABLES, [Team("GEN"), Team("DK")]),
            (TABLES, [Team("HLE"), Team("DRX")]),
            (TABLES, [Team("DK"), Team("T1")]),
            (TABLES, [Team("DRX"), Team("KT")]),
            ("Semifinals", [Team("T1"), Team("HLE")]),
            ("Semifinals", [Team("KT"), Team("GEN")]),
            ("Final", [Winner(6), Winner(7)]),
        ],
    },
    Format {
        groups: &[&["T1", "GEN", "DK"]],
        rounds: &[
            ("Semifinals", None),
            ("Lower Round 1", Some("lower")),
            ("Upper Final", None),
            ("Lower Final", Some("lower")),
            ("Final", None),
        ],
        matches: &[
            (TABLES, [Team("T1"), Team("GEN")]),
            (TABLES, [Team("GEN"), Team("DK")]),
            (TABLES, [Team("DK"), Team("T1")]),
            ("Semifinals", [Team("T1"), Team("KT")]),
            ("Semifinals", [Team("GEN"), Team("HLE")]),
            ("Lower Round 1", [Loser(3), Loser(4)]),
            ("Upper Final", [Winner(3), Winner(4)]),
            ("Lower Final", [Winner(5), Loser(6)]),
            ("Final", [Winner(6), Winner(7)]),
        ],
    },
    Format {
        groups: &[&["T1", "GEN"], &["KT", "HLE"]],
        rounds: &[("Opening", None), ("Semifinals", None), ("Final", None)],
        matches: &[
            (TABLES, [Team("T1"), Team("GEN")]),
            (TABLES, [Team("KT"), Team("HLE")]),
            ("Opening", [Team("GEN"), Team("DRX")]),
            ("Opening", [Team("KT"), Team("DK")]),
            ("Semifinals", [Team("T1"), Winner(2)]),
            ("Semifinals", [Team("HLE"), Winner(3)]),
            ("Final", [Winner(4), Winner(5)]),
        ],
    },
];

impl Side {
    /// Who plays here from the beginning.
    pub(super) const fn known(self) -> Option<&'static str> {
        if let Team(code) = self { Some(code) } else { None }
    }

    /// Who plays here once `lines`, the cup's, have come so far; none while that is open.
    pub(super) fn team(self, lines: &[Line]) -> Option<&'static str> {
        let (before, has_won) = match self {
            Team(code) => return Some(code),
            Winner(before) => (before, true),
            Loser(before) => (before, false),
        };
        let line = &lines[before];
        match line.ending {
            Some(ending) if has_won => line.teams[1 - ending.loser()],
            Some(ending) => line.teams[ending.loser()],
            None if line.is_over() => line.teams[usize::from(!has_won)],
            None => None,
        }
    }
}
