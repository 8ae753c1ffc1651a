//! What admins send to the league's schedule.

use chrono::{DateTime, Utc};
use loljoa_service_kit::TeamId;
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, SchemaType},
    },
};

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
