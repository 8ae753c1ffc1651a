//! What was seen of a service under load, on a page beside its flame graph.

use super::page::{STYLE, escaped, table};
use crate::{
    bench::summary,
    profile::{Profile, of_statements},
};

/// The page, which shows the flame graph that lies beside it as `picture`.
#[must_use]
pub fn profile_page(profile: &Profile, service: &str, picture: &str) -> String {
    let title = format!("{service} under {}", profile.run.title());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
        <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head><body>\
        <h1>{title}</h1><p>{}. Looking costs time: these figures are no measurement.</p>\
        <h2>Where {service}'s time went</h2><p>Seen {} times. The wider, the more often; click to look closer.</p>\
        <div class=\"wide\"><object data=\"{picture}\" type=\"image/svg+xml\">The flame graph is {picture}.</object></div>\
        <h2>What PostgreSQL did</h2><p>{NOTE}</p>{}</body></html>\n",
        escaped(&summary(&profile.run)),
        profile.flame_graph.samples,
        table(of_statements(&profile.statements, usize::MAX)),
        title = escaped(&title),
    )
}

/// What the figures of statements mean.
pub const NOTE: &str = "\
Time is that of executing, in all databases, without planning, and without what a commit waits for the disk. Shares are of what services asked \
for; a statement of a function is told apart, and is part of what asked for the function.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        profile::{FlameGraph, Statement},
        results::fixtures,
    };

    #[test]
    fn a_page_shows_the_picture_beside_it_and_the_statements() {
        let statement = Statement {
            database: "betting".into(),
            is_asked: true,
            query: "SELECT 1 < $1".into(),
            calls: 1,
            milliseconds: 1.0,
            rows: 1,
            wal_bytes: 0,
        };
        let flame_graph = FlameGraph { svg: String::new(), folded: String::new(), samples: 17 };
        let profile =
            Profile { run: fixtures::results().runs.remove(0), flame_graph, statements: vec![statement] };
        let page = profile_page(&profile, "gateway", "gateway.svg");
        for wanted in
            ["data=\"gateway.svg\"", "SELECT 1 &lt; $1", "Seen 17 times", "gateway under hot-market, ours"]
        {
            assert!(page.contains(wanted), "{page}");
        }
    }
}
