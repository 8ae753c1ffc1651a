//! Whether the league asks what its own tables ask.

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;

use super::Contest;
use crate::{
    fuzz::view::View,
    support::api::{Standing, Team},
};

/// A stage, as the league shows where its teams stand.
#[derive(Debug, Deserialize)]
pub(in crate::fuzz) struct Table {
    name: String,
    kind: String,
    tables: Vec<Group>,
    champion: Option<Team>,
}

#[derive(Debug, Deserialize)]
struct Group {
    group: Option<String>,
    standings: Vec<Standing>,
}

/// What does not hold of a question in a tournament whose tables were looked at.
pub(super) fn broken(view: &View, contest: &Contest) -> Option<String> {
    let stages = view.tables.get(&contest.tournament)?;
    if contest.state == "cancelled" {
        return None;
    }
    let stage = stages.iter().find(|stage| stage.name == contest.stage);
    let Some(stage) = stage.filter(|stage| (stage.kind == "bracket") == (contest.kind == "champion")) else {
        return Some("a question about a stage that there is not".into());
    };
    match contest.kind.as_str() {
        "champion" => is_of_the_bracket(contest, stage),
        _ => is_of_the_table(contest, stage),
    }
}

/// Whoever has won the bracket is the answer, and whoever can win it plays in it.
fn is_of_the_bracket(contest: &Contest, stage: &Table) -> Option<String> {
    let champion = stage.champion.as_ref().map(|team| team.team_id);
    if champion != contest.winner_id || champion.is_some() != (contest.state == "decided") {
        return Some(format!("the champion is {champion:?}"));
    }
    let teams: BTreeSet<Uuid> =
        stage.tables.iter().flat_map(|table| &table.standings).map(|line| line.team.team_id).collect();
    let is_in_it = contest.candidates.iter().all(|team| teams.contains(&team.team_id));
    (!is_in_it).then(|| format!("a candidate who does not play in {stage:?}"))
}

/// Whoever is the answer is first alone, and whoever can be first stands in the table.
fn is_of_the_table(contest: &Contest, stage: &Table) -> Option<String> {
    let Some(table) = stage.tables.iter().find(|table| table.group == contest.group) else {
        return Some("a question about a group that there is not".into());
    };
    let first: Vec<Uuid> =
        table.standings.iter().filter(|line| line.rank == 1).map(|line| line.team.team_id).collect();
    if contest.winner_id.is_some_and(|winner| first != [winner]) {
        return Some(format!("another is first in {table:?}"));
    }
    let ids =
        |teams: &mut dyn Iterator<Item = &Team>| teams.map(|team| team.team_id).collect::<BTreeSet<_>>();
    let standing = ids(&mut table.standings.iter().map(|line| &line.team));
    let candidates = ids(&mut contest.candidates.iter());
    let are_those = candidates.is_empty() || candidates == standing;
    (!are_those).then(|| format!("other candidates than stand in {table:?}"))
}
