//! What is wrong is refused with a problem that names it, and changes nothing.

mod accounts;
mod bets;
mod bodies;
mod imports;
mod markets;
mod tokens;

use crate::support::{App, Checksums, Reply};

/// Watches that refusals leave every table as it is.
struct Unchanged<'a> {
    app: &'a App,
    before: Checksums,
}

impl<'a> Unchanged<'a> {
    async fn from_here(app: &'a App) -> Self {
        Self { app, before: Checksums::of(&app.db).await }
    }

    async fn so_far(&self) {
        let none: [&str; 0] = [];
        assert_eq!(Checksums::of(&self.app.db).await.changed_since(&self.before), none);
    }
}

/// Checks status, code and the fields at fault.
fn refused(what: &str, reply: &Reply, status: u16, code: &str, fields: &[&str]) {
    let problem = reply.problem();
    assert_eq!(
        (problem.status, problem.code.as_str(), &problem.fields()[..]),
        (status, code, fields),
        "{what}: {}",
        reply.text
    );
}
