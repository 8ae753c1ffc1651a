//! What an import tells its caller.

use crate::domain::season::Entry;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Added,
    /// It differs from what is known.
    Changed,
    /// It is known just so.
    Unchanged,
    /// It cannot be; nothing of the file is taken.
    Refused,
}

/// What becomes of one line, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1; 0 speaks of the file as a whole.
    pub line: usize,
    /// What becomes of it.
    pub action: Action,
    /// What the line is about.
    pub subject: String,
    /// What changes, or why it is refused.
    pub message: String,
    /// What is odd about it, though it can be; empty when nothing is.
    pub warning: String,
}

/// Line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the file's order.
    pub lines: Vec<Line>,
}

impl Line {
    /// Tells that something is odd about the line, besides what is told already.
    pub(super) fn warn(&mut self, odd: &str) {
        if !self.warning.is_empty() {
            self.warning.push_str("; ");
        }
        self.warning.push_str(odd);
    }
}

impl Report {
    /// How many lines came to `action`.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.lines.iter().filter(|line| line.action == action).count()
    }

    /// How many lines are odd.
    #[must_use]
    pub fn warned(&self) -> usize {
        self.lines.iter().filter(|line| !line.warning.is_empty()).count()
    }

    /// Whether any line says something new.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.action, Action::Added | Action::Changed))
    }

    /// The first line that is refused; while there is one, nothing of the file is taken.
    #[must_use]
    pub fn first_refused(&self) -> Option<&Line> {
        self.lines.iter().find(|line| line.action == Action::Refused)
    }

    pub(super) fn add<T>(&mut self, entry: &Entry<T>, verdict: Result<(Action, String), String>) {
        let (action, message) = verdict.unwrap_or_else(|why| (Action::Refused, why));
        self.lines.push(Line {
            line: entry.line,
            action,
            subject: entry.subject.clone(),
            message,
            warning: String::new(),
        });
    }

    pub(super) fn refuse_file(&mut self, line: usize, why: &str) {
        let subject = "the file".to_owned();
        self.lines.push(Line {
            line,
            action: Action::Refused,
            subject,
            message: why.to_owned(),
            warning: String::new(),
        });
    }
}
