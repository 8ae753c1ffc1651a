//! What admins send to the league's schedule, and the report of an import.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1 as pb;
use loljoa_service_kit::TeamId;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, SchemaType},
    },
};

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
    #[schema(minimum = 0, maximum = 3)]
    pub(crate) team1_wins: i32,
    #[schema(minimum = 0, maximum = 3)]
    pub(crate) team2_wins: i32,
    #[schema(value_type = Option<Uuid>)]
    pub(crate) forfeited_by_id: Option<TeamId>,
}

/// What to change about a match: either a new start, or that it is cancelled.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateMatch {
    /// The new start.
    pub(crate) starts_at: Option<DateTime<Utc>>,
    /// True cancels the match.
    #[serde(default)]
    pub(crate) cancel: bool,
}

impl ToSchema for UpdateMatch {}

impl PartialSchema for UpdateMatch {
    fn schema() -> RefOr<Schema> {
        let absent = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
        let start = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some("^20(0[1-9]|[1-9][0-9])-"))
            .description(Some("The new start, from 2001 to 2099."));
        let cancel = |cancel: bool| {
            ObjectBuilder::new().schema_type(SchemaType::Type(Type::Boolean)).enum_values(Some([cancel]))
        };
        let alone = |object: ObjectBuilder| {
            object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        };
        let moved = ObjectBuilder::new().property("startsAt", start).required("startsAt");
        let cancelled = ObjectBuilder::new().property("cancel", cancel(true)).required("cancel");
        OneOfBuilder::new()
            .description(Some("What to change about a match: either a new start, or that it is cancelled."))
            .item(alone(moved.property("cancel", cancel(false))))
            .item(alone(cancelled.property("startsAt", absent)))
            .into()
    }
}
