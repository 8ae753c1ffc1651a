//! The OpenAPI document, made from the code, and its viewer.

use std::sync::Arc;

use axum::{Router, routing::get};
use http::Method;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder, Schema, Type,
        extensions::ExtensionsBuilder,
        path::Operation,
        schema::SchemaType,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    extract::json,
    problem::{self, Body, FieldProblem},
};
use crate::{
    app::App,
    auth::access::{self, Access},
};

/// Where the viewer is.
pub(crate) const PATH: &str = "/api/docs";
const DOCUMENT: &str = "/api/openapi.json";
const SCHEME: &str = "accessToken";

#[derive(OpenApi)]
#[openapi(
    info(title = "LOL.JOA", description = "Bet points, never money, on LCK matches."),
    tags(
        (name = "account", description = "Accounts, sessions, statements, the leaderboard"),
        (name = "league", description = "Tournaments, teams, matches, standings"),
        (name = "betting", description = "Markets, bets, the event stream"),
        (name = "status", description = "How the system is"),
        (name = "admin", description = "What admins have done"),
        (name = "ops", description = "The experiments of 2022"),
    ),
    components(schemas(Body, FieldProblem))
)]
struct Header;

/// The document before any route.
pub(crate) fn header() -> utoipa::openapi::OpenApi {
    Header::openapi()
}

/// Adds to each route what the table of routes and the one way of failing say about it.
pub(crate) fn complete(mut routes: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    let document = routes.get_openapi_mut();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            protect(operation, access::rule(&method, path).unwrap_or(Access::Admin));
            operation.responses.responses.insert("default".into(), failure());
            describe_no_plain_text(operation);
            expect_no_null(operation);
        }
    }
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.bearer_format = Some("JWT".into());
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert(SCHEME.into(), RefOr::T(SecurityScheme::Http(scheme)));
    routes
}

/// The operations of one path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn protect(operation: &mut Operation, access: Access) {
    let token = SecurityRequirement::new(SCHEME, Vec::<String>::new());
    operation.security = match access {
        Access::Public => None,
        Access::Optional => Some(vec![SecurityRequirement::default(), token]),
        Access::User | Access::Admin => Some(vec![token]),
    };
    let who = serde_json::to_value(access).unwrap_or_default();
    operation.extensions = Some(ExtensionsBuilder::new().add("x-access", who).build());
}

/// A body that is no JSON has no schema of JSON.
fn describe_no_plain_text(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for (media_type, content) in &mut body.content {
        if let (true, RefOr::T(content)) = (media_type.starts_with("text/"), content) {
            content.schema = None;
        }
    }
}

/// A parameter that may be left out is never null: there is no way to write that.
fn expect_no_null(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else { continue };
        if let SchemaType::Array(types) = &mut schema.schema_type {
            types.retain(|it| *it != Type::Null);
            if let [only] = types.as_slice() {
                schema.schema_type = SchemaType::Type(only.clone());
            }
        }
    }
}

fn failure() -> RefOr<utoipa::openapi::Response> {
    let schema = RefOr::Ref(Ref::from_schema_name(Body::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    RefOr::T(
        ResponseBuilder::new().description("what went wrong").content(problem::CONTENT_TYPE, content).build(),
    )
}

/// The document and its viewer; both come from here alone.
pub(crate) fn routes(document: utoipa::openapi::OpenApi) -> Router<Arc<App>> {
    let document = Arc::new(document);
    let viewer = SwaggerUi::new(PATH).config(Config::from(DOCUMENT));
    Router::new().route(DOCUMENT, get(move || async move { json(&*document) })).merge(viewer)
}
