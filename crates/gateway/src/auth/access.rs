//! Who may call what: one table, used by the guard, by the OpenAPI document and by the test that tries every route.

use std::{collections::HashMap, sync::LazyLock};

use http::Method;
use serde::Serialize;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Access {
    /// Anybody; a token is not even looked at.
    Public,
    /// Anybody; but a token that is sent has to be good.
    Optional,
    /// Whoever is logged in.
    User,
    /// Admins.
    Admin,
}

/// The rule for one route: method, path as the router has it, who.
pub(crate) type Rule = (Method, &'static str, Access);

/// Which replica answers: for admins, unless `http.public_hello` opens it.
pub(crate) const HELLO: &str = "/api/{service}/hello";

/// Every route of the API. A route that is missing here cannot be called.
pub(crate) const RULES: &[Rule] = &[
    (Method::GET, "/.well-known/jwks.json", Access::Public),
    (Method::POST, "/api/account/signup", Access::Public),
    (Method::POST, "/api/account/login", Access::Public),
    (Method::POST, "/api/account/refresh", Access::Public),
    (Method::POST, "/api/account/logout", Access::Public),
    (Method::POST, "/api/account/logout-all", Access::User),
    (Method::POST, "/api/account/password", Access::User),
    (Method::POST, "/api/account/sessions/end", Access::User),
    (Method::GET, "/api/account/users", Access::Admin),
    (Method::POST, "/api/account/users/{accountId}/disable", Access::Admin),
    (Method::POST, "/api/account/users/{accountId}/enable", Access::Admin),
    (Method::POST, "/api/account/users/{accountId}/sessions/end", Access::Admin),
    (Method::GET, "/api/account/me", Access::User),
    (Method::GET, "/api/account/me/transfers", Access::User),
    (Method::GET, "/api/account/leaderboard", Access::Optional),
    (Method::GET, "/api/league/tournaments", Access::Public),
    (Method::GET, "/api/league/teams", Access::Public),
    (Method::GET, "/api/league/matches", Access::Public),
    (Method::GET, "/api/league/matches/{matchId}", Access::Public),
    (Method::PATCH, "/api/league/matches/{matchId}", Access::Admin),
    (Method::DELETE, "/api/league/matches/{matchId}", Access::Admin),
    (Method::POST, "/api/league/matches/{matchId}/result", Access::Admin),
    (Method::GET, "/api/league/standings", Access::Public),
    (Method::GET, "/api/league/questions", Access::Public),
    (Method::POST, "/api/league/import", Access::Admin),
    (Method::GET, "/api/league/suspects", Access::Admin),
    (Method::GET, "/api/betting/markets", Access::Public),
    (Method::POST, "/api/betting/markets", Access::Admin),
    (Method::GET, "/api/betting/markets/{marketId}", Access::Public),
    (Method::POST, "/api/betting/markets/{marketId}/lock", Access::Admin),
    (Method::POST, "/api/betting/markets/{marketId}/settle", Access::Admin),
    (Method::POST, "/api/betting/markets/{marketId}/void", Access::Admin),
    (Method::POST, "/api/betting/markets/{marketId}/correct", Access::Admin),
    (Method::GET, "/api/betting/incidents", Access::Admin),
    (Method::POST, "/api/betting/incidents/retry-owed", Access::Admin),
    (Method::POST, "/api/betting/incidents/{incidentId}/resolve", Access::Admin),
    (Method::GET, "/api/betting/bets", Access::User),
    (Method::POST, "/api/betting/bets", Access::User),
    (Method::GET, "/api/betting/bets/{betId}", Access::User),
    (Method::DELETE, "/api/betting/bets/{betId}", Access::User),
    (Method::GET, "/api/betting/stream", Access::Optional),
    (Method::GET, "/api/status", Access::Public),
    (Method::GET, HELLO, Access::Admin),
    (Method::GET, "/api/admin/actions", Access::Admin),
    (Method::POST, "/api/{service}/block", Access::Admin),
    (Method::POST, "/api/{service}/turnoff", Access::Admin),
];

/// A route as requests find it.
struct Route {
    method: Method,
    access: Access,
    /// What it counts by, such as `GET /api/account/me`.
    name: String,
}

/// The routes by their path.
static ROUTES: LazyLock<HashMap<&'static str, Vec<Route>>> = LazyLock::new(|| {
    let rules = RULES.iter().map(|(method, path, access)| (method.clone(), *path, *access));
    // HEAD is GET without a body.
    let heads = rules.clone().filter(|(method, ..)| method == Method::GET);
    let heads = heads.map(|(_, path, access)| (Method::HEAD, path, access));
    let mut routes: HashMap<_, Vec<Route>> = HashMap::new();
    for (method, path, access) in rules.clone().chain(heads) {
        let name = format!("{method} {path}");
        routes.entry(path).or_default().push(Route { method, access, name });
    }
    routes
});

fn route(method: &Method, path: &str) -> Option<&'static Route> {
    ROUTES.get(path)?.iter().find(|route| route.method == method)
}

/// Who may call `method` on `path`; HEAD is GET without a body.
pub(crate) fn rule(method: &Method, path: &str) -> Option<Access> {
    route(method, path).map(|route| route.access)
}

/// What requests with `method` on `path` count by, where there is such a route.
pub(crate) fn name(method: &Method, path: &str) -> Option<&'static str> {
    route(method, path).map(|route| route.name.as_str())
}

/// The methods that `path` takes.
pub(crate) fn methods(path: &str) -> Vec<Method> {
    ROUTES.get(path).into_iter().flatten().map(|route| route.method.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::{api, docs::operations};

    #[test]
    fn every_route_has_one_rule_and_every_rule_a_route() {
        let mut document = api(&[]).unwrap().into_openapi();
        let mut routes = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            routes.extend(operations(item).map(|(method, _)| format!("{method} {path}")));
        }
        let rules: Vec<_> = RULES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        assert_eq!(rules.len(), rules.iter().collect::<BTreeSet<_>>().len(), "a rule stands twice");
        assert_eq!(routes, rules.into_iter().collect());
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut document = api(&[]).unwrap().into_openapi();
        let operations = document.paths.paths.values_mut().flat_map(operations);
        let mut names: Vec<_> =
            operations.map(|(_, operation)| operation.operation_id.clone().unwrap()).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn head_is_get_without_a_body() {
        assert_eq!(rule(&Method::HEAD, "/api/account/me"), Some(Access::User));
        assert_eq!(rule(&Method::PUT, "/api/account/me"), None);
    }
}
