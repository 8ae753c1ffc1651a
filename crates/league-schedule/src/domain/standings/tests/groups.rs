//! Groups and Swiss stages.

use super::*;

/// Eight teams in two groups of four; the weeks before the groups count in them.
fn legend_and_rise() -> Vec<Match> {
    let mut matches = round_robin("Week 1", &["A", "B", "C", "D", "E", "F", "G", "H"], (2, 0));
    matches.extend(round_robin("Legend Group", &["D", "C", "B", "A"], (2, 1)).into_iter().map(later));
    matches.extend(round_robin("Rise Group", &["E", "F", "G", "H"], (2, 1)).into_iter().map(later));
    matches
}

fn later(m: Match) -> Match {
    Match { starts_at: m.starts_at + chrono::TimeDelta::days(30), ..m }
}

#[test]
fn groups_have_tables_of_their_own_and_what_came_before_counts_in_them() {
    let stages = stages(&legend_and_rise());
    let tables = &stages[1].tables;
    let told: Vec<_> = tables.iter().map(|table| (table.group.as_deref().unwrap(), ranks(table))).collect();
    assert_eq!(told[0], ("Legend", vec![(1, "A"), (2, "B"), (3, "C"), (4, "D")]));
    assert_eq!(told[1], ("Rise", vec![(1, "E"), (2, "F"), (3, "G"), (4, "H")]));
    // A has won all seven matches of the weeks and none of the three after them.
    assert_eq!((tables[0].lines[0].wins, tables[0].lines[0].losses), (7, 3));
    let flat: Vec<_> = main_table(&stages).iter().map(|(group, line)| (group.unwrap(), line.rank)).collect();
    assert_eq!(flat[3..5], [("Legend", 4), ("Rise", 1)]);
}

#[test]
fn late_weeks_in_which_teams_meet_only_their_own_are_groups() {
    let renamed = legend_and_rise().into_iter().map(|m| {
        let block = if m.block.ends_with("Group") { "Week 10".to_owned() } else { m.block.clone() };
        Match { block, ..m }
    });
    let stages = stages(&renamed.collect::<Vec<_>>());
    let names: Vec<_> =
        stages.iter().map(|found| (found.stage.name.as_str(), found.stage.kind.name())).collect();
    assert_eq!(names, [("Regular Season", "roundRobin"), ("Groups", "groups")]);
    assert_eq!(ranks(&stages[1].tables[0]), [(1, "A"), (2, "B"), (3, "C"), (4, "D")]);
    assert_eq!(stages[1].tables[1].lines[0].wins, 6, "E has won three and three");
}

#[test]
fn a_tournament_of_groups_alone_is_told_group_by_group_with_more_wins_first() {
    let weeks = legend_and_rise().into_iter().filter(|m| m.block.ends_with("Group"));
    let weeks = weeks.map(|m| Match { block: "Week 10".into(), ..m });
    // What E to H have played is still to be played.
    let is_rise = |m: &Match| ["E", "F", "G", "H"].iter().any(|code| m.side_of(Team::id_of(code)).is_some());
    let unplayed =
        |m: Match| Match { state: MatchState::Scheduled, winner_id: None, team1_wins: 0, team2_wins: 0, ..m };
    let matches: Vec<_> = weeks.map(|m| if is_rise(&m) { unplayed(m) } else { m }).collect();
    let stages = stages(&matches);
    let groups: Vec<_> = stages[0].tables.iter().map(|table| table.group.as_deref().unwrap()).collect();
    assert_eq!((stages.len(), groups), (1, vec!["A", "B"]));
    assert_eq!(ranks(&stages[0].tables[0]), [(1, "D"), (2, "C"), (3, "B"), (4, "A")]);
}

#[test]
fn a_season_that_has_just_begun_is_one_table() {
    let matches = [("A", "B"), ("C", "D"), ("E", "F"), ("G", "H"), ("A", "C"), ("B", "D")];
    let stages = stages(&matches.map(|(a, b)| game("Week 1", a, b, (0, 0))));
    assert_eq!((stages.len(), stages[0].tables.len(), stages[0].tables[0].lines.len()), (1, 1, 8));
}

#[test]
fn a_swiss_table_goes_by_wins_then_losses_and_ends_at_three() {
    let matches = [
        on(1, "Swiss Round 1", "A", "B", (2, 0)),
        on(1, "Swiss Round 1", "C", "D", (2, 0)),
        on(2, "Swiss Round 2", "A", "C", (2, 0)),
        on(2, "Swiss Round 2", "B", "D", (2, 0)),
        on(3, "Swiss Round 3", "A", "B", (2, 0)),
        on(3, "Swiss Round 3", "C", "D", (2, 0)),
        on(4, "Swiss Round 4", "C", "B", (0, 0)),
    ];
    let stages = stages(&matches);
    assert_eq!(stages[0].stage.kind, Kind::Swiss { advance_at: 3, out_at: 3 });
    let told: Vec<_> =
        stages[0].tables[0].lines.iter().map(|line| (code(line.team_id), line.wins, line.fate)).collect();
    let (through, open, out) = (Fate::Through, Fate::Open, Fate::Out);
    assert_eq!(told, [("A", 3, through), ("C", 2, open), ("B", 1, open), ("D", 0, out)]);
}

#[test]
fn swiss_teams_with_one_record_are_told_apart_by_whom_they_have_met() {
    let matches = [
        on(1, "Swiss Round 1", "A", "B", (2, 0)),
        on(1, "Swiss Round 1", "C", "D", (2, 0)),
        on(2, "Swiss Round 2", "A", "C", (2, 0)),
        on(2, "Swiss Round 2", "B", "D", (2, 0)),
    ];
    // B has lost to A, who has two wins; C has lost to A, too, and beaten D, who has none. So both have met as many wins.
    let one = ranks(&stages(&matches)[0].tables[0]);
    assert_eq!(one.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [1, 2, 2, 4]);
    let more = [
        on(3, "Swiss Round 3", "E", "B", (0, 2)),
        on(3, "Swiss Round 3", "C", "F", (2, 0)),
        on(4, "Swiss Round 3", "E", "F", (2, 0)),
    ];
    let all: Vec<_> = matches.iter().chain(&more).cloned().collect();
    let two = ranks(&stages(&all)[0].tables[0]);
    assert_eq!(two[1..3], [(2, "B"), (3, "C")], "E, whom B has met, has won, and F, whom C has met, has not");
}

#[test]
fn of_swiss_teams_with_as_many_wins_the_one_with_fewer_losses_is_ahead() {
    let matches = [
        on(1, "Swiss Round 1", "A", "B", (2, 0)),
        on(1, "Swiss Round 1", "C", "D", (2, 0)),
        on(2, "Swiss Round 2", "A", "C", (2, 0)),
        on(2, "Swiss Round 2", "B", "D", (2, 0)),
        on(3, "Swiss Round 3", "A", "B", (2, 0)),
    ];
    // B has met teams that have won more, but has lost twice.
    assert_eq!(ranks(&stages(&matches)[0].tables[0]), [(1, "A"), (2, "C"), (3, "B"), (4, "D")]);
}
