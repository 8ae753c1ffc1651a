//! What the admin brings in by files.

use loljoa_service_kit::Clock;
use serde_json::{Value, json};

use super::Desk;
use crate::fuzz::{
    change::Change,
    cup::Cup,
    damage::damaged,
    line::{Line, file},
};

impl Desk {
    /// The file, with these lines instead of what it has. A match that was removed is in it only when it is to come back.
    pub(super) fn file_with(&self, changed: &[Line]) -> Value {
        let changed = |line: &Line| changed.iter().find(|changed| changed.day == line.day);
        let lines = self.in_file().map(|line| changed(line).unwrap_or(line));
        let stages: Vec<_> = self.cups.last().map(Cup::json).into_iter().collect();
        file(lines.filter(|line| !line.is_removed), &stages)
    }

    /// Whether the file was taken.
    pub(super) async fn import(&self, file: &Value) -> bool {
        self.admin.import(file).await.ok::<Value>()["applied"] == true
    }

    /// Brings in the file with these lines; one that was removed is back with it.
    pub(super) async fn import_changed(&mut self, mut changed: Vec<Line>, names: Vec<&'static str>) {
        for line in changed.iter_mut().filter(|line| line.is_removed) {
            (line.is_removed, line.is_cancelled) = (false, false);
        }
        let applied = self.import(&self.file_with(&changed)).await;
        for name in names {
            self.tally.note(name, applied);
        }
        if applied {
            for line in changed {
                self.take(line);
            }
        }
    }

    pub(super) async fn import_again(&mut self) {
        let report: Value = self.admin.import(&self.file_with(&[])).await.ok();
        let told = ["applied", "added", "changed", "refused"].map(|field| &report[field]);
        assert_eq!(told, [&json!(true), &json!(0), &json!(0), &json!(0)], "the same file again: {report}");
        self.tally.note("same file", true);
    }

    /// A file that changes a match and is wrong elsewhere: nothing of it is taken.
    pub(super) async fn import_damaged(&mut self) {
        let at = self.choose();
        let change = Change::random(&self.lines[at], &mut self.random);
        let changed = change.on(&self.lines[at], Clock::system().now());
        let file = damaged(&self.file_with(&[changed]), &mut self.random);
        let reply = self.admin.import_text(file).await;
        assert_eq!(reply.ok::<Value>()["applied"], false, "{}", reply.text);
        self.tally.note("damaged file", false);
        self.import_again().await;
    }
}
