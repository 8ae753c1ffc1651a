//! What admins send to the league's schedule, and the report of an import.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1 as pb;
use loljoa_service_kit::TeamId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an import did with a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportAction {
    Added,
    Changed,
    Unchanged,
    Refused,
}

/// What became of one line of an imported file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportLine {
    /// From 1, as an editor counts; 0 speaks of the file as a whole.
    line: i32,
    action: ImportAction,
    /// What the line is about.
    subject: String,
    /// For changed and refused lines: what and why.
    message: String,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportReport {
    lines: Vec<ImportLine>,
    added: i32,
    changed: i32,
    unchanged: i32,
    refused: i32,
    /// False for a dry run and for a file with refused lines.
    applied: bool,
}

impl From<pb::ImportSeasonResponse> for ImportReport {
    fn from(report: pb::ImportSeasonResponse) -> Self {
        Self {
            lines: report.lines.into_iter().map(import_line).collect(),
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            refused: report.refused,
            applied: report.applied,
        }
    }
}

fn import_line(line: pb::ImportLine) -> ImportLine {
    let action = match line.action() {
        pb::ImportAction::Added => ImportAction::Added,
        pb::ImportAction::Changed => ImportAction::Changed,
        pb::ImportAction::Unchanged => ImportAction::Unchanged,
        pb::ImportAction::Refused | pb::ImportAction::Unspecified => ImportAction::Refused,
    };
    ImportLine { line: line.line, action, subject: line.subject, message: line.message }
}

/// A result: the games that each side won, and who forfeited, if somebody did.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordResult {
    pub(crate) team1_wins: i32,
    pub(crate) team2_wins: i32,
    #[schema(value_type = Option<Uuid>)]
    pub(crate) forfeited_by_id: Option<TeamId>,
}

/// What to change about a match. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateMatch {
    /// The new start.
    pub(crate) starts_at: Option<DateTime<Utc>>,
    /// True cancels the match.
    #[serde(default)]
    pub(crate) cancel: bool,
}
