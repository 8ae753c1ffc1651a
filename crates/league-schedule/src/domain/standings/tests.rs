use proptest::prelude::*;

use super::*;
use crate::domain::{
    BestOf, MatchState, Score, Team, Tournament,
    decision::Outcome,
    stage::{BracketSide, Group, Round},
};

/// A best of 3 that ended like this; the score 0–0 leaves it open.
fn game(block: &str, team1: &str, team2: &str, score: (i16, i16)) -> Match {
    on(1, block, team1, team2, score)
}

/// The same on this day of the tournament. A team called `?` is to be decided.
fn on(day: i64, block: &str, team1: &str, team2: &str, score: (i16, i16)) -> Match {
    let start = chrono::DateTime::from_timestamp(1_642_000_000 + day * 86_400, 0).unwrap();
    let tournament = Tournament::id_of("Cup");
    let key = format!("{day}/{block}/{team1}/{team2}");
    let team = |code: &str| (code != "?").then(|| Team::id_of(code));
    let open = Match {
        team1_id: team(team1),
        team2_id: team(team2),
        ..Match::new(tournament, key, block.into(), start, BestOf::new(3).unwrap())
    };
    let score = Score { team1: score.0, team2: score.1 };
    open.decided(Outcome { score, forfeited_by: None }).unwrap_or(open)
}

fn code(id: TeamId) -> &'static str {
    ["A", "B", "C", "D", "E", "F", "G", "H"].into_iter().find(|code| Team::id_of(code) == id).unwrap()
}

/// Every pair of these teams, the first of them winning by this score.
fn round_robin(block: &str, teams: &[&str], score: (i16, i16)) -> Vec<Match> {
    let pairs = teams.iter().enumerate().flat_map(|(at, a)| teams[at + 1..].iter().map(move |b| (*a, *b)));
    pairs.map(|(a, b)| game(block, a, b, score)).collect()
}

/// Rank and code of each line of a table.
fn ranks(table: &Table) -> Vec<(i32, &'static str)> {
    table.lines.iter().map(|line| (line.rank, code(line.team_id))).collect()
}

fn stages(matches: &[Match]) -> Vec<StageStandings> {
    Played::new(Vec::new(), matches.to_vec()).standings(&HashMap::new())
}

/// The table that the league goes by.
fn table(matches: &[Match]) -> Vec<Standing> {
    main_table(&stages(matches)).into_iter().map(|(_, line)| *line).collect()
}

/// Rank, code, wins, losses, difference.
fn lines(matches: &[Match]) -> Vec<(i32, &'static str, i32, i32, i32)> {
    let line =
        |line: &Standing| (line.rank, code(line.team_id), line.wins, line.losses, line.game_difference());
    table(matches).iter().map(line).collect()
}

#[test]
fn wins_come_before_game_difference() {
    let matches = [
        game("Week 1", "A", "B", (2, 1)),
        game("Week 1", "A", "C", (2, 1)),
        game("Week 1", "B", "C", (2, 0)),
        game("Week 2", "C", "A", (0, 0)),
    ];
    assert_eq!(lines(&matches), [(1, "A", 2, 0, 2), (2, "B", 1, 1, 1), (3, "C", 0, 2, -3)]);
}

#[test]
fn teams_level_on_both_share_a_rank() {
    let matches = [game("Week 1", "A", "C", (2, 0)), game("Week 1", "B", "D", (2, 0))];
    let ranks: Vec<_> = lines(&matches).into_iter().map(|(rank, ..)| rank).collect();
    assert_eq!(ranks, [1, 1, 3, 3]);
}

#[test]
fn a_tiebreaker_separates_two_level_teams_and_counts_for_nothing_else() {
    for winner in ["A", "B"] {
        let (first, second) = if winner == "A" { ("A", "B") } else { ("B", "A") };
        let matches = [
            game("Week 1", "A", "C", (2, 0)),
            game("Week 1", "B", "D", (2, 0)),
            game("Tiebreakers", first, second, (2, 1)),
        ];
        assert_eq!(lines(&matches)[..2], [(1, first, 1, 0, 2), (2, second, 1, 0, 2)]);
    }
}

#[test]
fn playoffs_do_not_count_where_there_is_a_table() {
    let mut matches = vec![game("Week 1", "A", "B", (2, 0)), game("Playoffs Final", "B", "A", (2, 0))];
    assert_eq!(lines(&matches), [(1, "A", 1, 0, 2), (2, "B", 0, 1, -2)]);
    matches.remove(0);
    assert_eq!(lines(&matches), [(1, "B", 1, 0, 2), (2, "A", 0, 1, -2)]);
}

#[test]
fn a_stage_without_weeks_stands_beside_playoffs() {
    let mut matches = round_robin("Group Battle", &["A", "B", "C"], (2, 1));
    matches.push(on(9, "Playoffs Final", "C", "A", (2, 0)));
    assert_eq!(lines(&matches), [(1, "A", 2, 0, 2), (2, "B", 1, 1, 0), (3, "C", 0, 2, -2)]);
    let stages = stages(&matches);
    let names: Vec<_> =
        stages.iter().map(|found| (found.stage.name.as_str(), found.stage.kind.name())).collect();
    assert_eq!(names, [("Group Battle", "roundRobin"), ("Playoffs", "bracket")]);
    assert_eq!(stages[1].champion, Some(Team::id_of("C")));
}

#[test]
fn of_two_who_are_level_the_one_who_has_beaten_the_other_is_ahead() {
    let matches = [
        game("Week 1", "A", "B", (2, 1)),
        game("Week 1", "C", "A", (2, 1)),
        game("Week 1", "B", "C", (2, 1)),
        game("Week 2", "B", "D", (2, 1)),
        game("Week 2", "A", "D", (2, 1)),
    ];
    // A and B have two wins and one loss each, and the same games.
    assert_eq!(lines(&matches)[..2], [(1, "A", 2, 1, 1), (2, "B", 2, 1, 1)]);
    let reversed = [
        game("Week 1", "B", "A", (2, 1)),
        game("Week 1", "A", "C", (2, 1)),
        game("Week 1", "C", "B", (2, 1)),
    ];
    let reversed: Vec<_> = reversed.into_iter().chain(matches.iter().skip(3).cloned()).collect();
    assert_eq!(lines(&reversed)[..2], [(1, "B", 2, 1, 1), (2, "A", 2, 1, 1)]);
}

#[test]
fn of_three_who_have_beaten_each_other_in_a_circle_nobody_is_ahead() {
    let circle = [("A", "B"), ("B", "C"), ("C", "A")];
    let matches: Vec<_> = circle.iter().map(|(a, b)| game("Week 1", a, b, (2, 1))).collect();
    let ranks: Vec<_> = lines(&matches).into_iter().map(|(rank, ..)| rank).collect();
    assert_eq!(ranks, [1, 1, 1]);
}

#[test]
fn three_who_are_level_are_told_apart_by_what_they_did_against_each_other() {
    let mut matches = round_robin("Week 1", &["C", "B", "A"], (2, 0));
    // Each has as many wins and games in all; D and E make up for it.
    matches.extend([game("Week 2", "D", "C", (2, 0)), game("Week 2", "E", "C", (2, 0))]);
    matches.extend([game("Week 2", "D", "B", (2, 0)), game("Week 2", "B", "E", (2, 0))]);
    matches.extend([game("Week 2", "A", "D", (2, 0)), game("Week 2", "A", "E", (2, 0))]);
    let level: Vec<_> = lines(&matches).into_iter().filter(|(_, code, ..)| "ABC".contains(code)).collect();
    assert_eq!(level.iter().map(|(_, code, ..)| *code).collect::<String>(), "CBA");
    assert!(
        level.iter().all(|(_, _, wins, losses, games)| (*wins, *losses, *games) == (2, 2, 0)),
        "{level:?}"
    );
}

/// Three teams that nothing separates but what follows.
fn circle_and(tiebreakers: &[(i64, &str, &str)]) -> String {
    let circle = [("A", "B"), ("B", "C"), ("C", "A")].map(|(a, b)| game("Week 1", a, b, (2, 1)));
    let tiebreakers =
        tiebreakers.iter().map(|(day, winner, loser)| on(*day, "Tiebreakers", winner, loser, (2, 1)));
    let matches: Vec<_> = circle.into_iter().chain(tiebreakers).collect();
    let told = lines(&matches).into_iter().map(|(rank, code, ..)| format!("{rank}{code}"));
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_tiebreaker_of_three_is_a_table_or_a_ladder() {
    assert_eq!(
        circle_and(&[(5, "C", "A"), (6, "C", "B"), (7, "A", "B")]),
        "1C 2A 3B",
        "everybody plays everybody"
    );
    assert_eq!(
        circle_and(&[(5, "B", "A"), (6, "C", "B")]),
        "1C 2B 3A",
        "the first of the ladder waits and wins"
    );
    assert_eq!(
        circle_and(&[(5, "B", "A"), (6, "B", "C")]),
        "1B 2C 3A",
        "the first of the ladder waits and loses"
    );
    let again = circle_and(&[(5, "A", "B"), (6, "B", "C"), (7, "C", "A")]);
    assert!(again.split(' ').all(|told| told.starts_with('1')), "another circle separates nobody: {again}");
}

#[test]
fn a_tiebreaker_of_two_among_three_comes_after_what_sets_the_third_apart() {
    // A has beaten B and C, who drew a tiebreaker; all three have two wins and the same games.
    let matches = [
        game("Week 1", "A", "B", (2, 1)),
        game("Week 1", "A", "C", (2, 1)),
        game("Week 1", "B", "C", (2, 1)),
        game("Week 2", "C", "B", (2, 1)),
        game("Week 2", "D", "A", (2, 1)),
        game("Week 2", "E", "A", (2, 1)),
        game("Week 3", "B", "D", (2, 1)),
        game("Week 3", "C", "E", (2, 1)),
        game("Week 3", "B", "A", (0, 0)),
        on(9, "Tiebreaker", "C", "B", (2, 0)),
    ];
    let stages = stages(&matches);
    let rules = vec![Tiebreaker::TiebreakerMatch, Tiebreaker::StrengthOfVictory, Tiebreaker::HeadToHead];
    let stage = Stage { tiebreakers: rules, ..stages[0].stage.clone() };
    let table =
        Played::new(vec![stage], matches.to_vec()).standings(&HashMap::new()).remove(0).tables.remove(0);
    let level: Vec<_> = ranks(&table).into_iter().filter(|(_, code)| "ABC".contains(code)).collect();
    assert_eq!(level, [(1, "A"), (2, "C"), (3, "B")]);
}

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

/// Upper and lower rounds of four teams.
fn double_elimination() -> Vec<Match> {
    vec![
        on(1, "Playoffs Upper Round 1", "A", "D", (2, 0)),
        on(1, "Playoffs Upper Round 1", "B", "C", (2, 1)),
        on(2, "Playoffs Lower Round 1", "C", "D", (2, 0)),
        on(3, "Playoffs Upper Final", "B", "A", (2, 1)),
        on(4, "Playoffs Lower Final", "A", "C", (2, 0)),
        on(5, "Playoffs Grand Final", "A", "B", (2, 1)),
    ]
}

#[test]
fn in_double_elimination_a_team_stands_where_it_fell_for_good() {
    let all = double_elimination();
    let found = stages(&all).remove(0);
    assert_eq!(ranks(&found.tables[0]), [(1, "A"), (2, "B"), (3, "C"), (4, "D")]);
    assert_eq!(found.champion, Some(Team::id_of("A")));
    let rounds: Vec<_> =
        found.rounds.iter().map(|played| (played.round.name.as_str(), played.round.side)).collect();
    let (upper, lower) = (BracketSide::Upper, BracketSide::Lower);
    assert_eq!(
        rounds,
        [
            ("Playoffs Upper Round 1", upper),
            ("Playoffs Lower Round 1", lower),
            ("Playoffs Upper Final", upper),
            ("Playoffs Lower Final", lower),
            ("Playoffs Grand Final", BracketSide::Final),
        ]
    );
    // After three matches only D has lost twice.
    let mut begun = all[..3].to_vec();
    begun.push(on(5, "Playoffs Grand Final", "?", "?", (0, 0)));
    let found = stages(&begun).remove(0);
    assert_eq!(ranks(&found.tables[0]).iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [1, 1, 1, 4]);
    assert_eq!((found.champion, code(found.tables[0].lines[3].team_id)), (None, "D"));
}

#[test]
fn the_match_for_the_third_place_stands_before_the_final_whenever_it_is_played() {
    let matches = [
        on(1, "Semifinals", "A", "B", (2, 0)),
        on(1, "Semifinals", "C", "D", (2, 0)),
        on(2, "Final", "C", "A", (2, 0)),
        on(3, "Third Place Match", "D", "B", (2, 1)),
    ];
    let found = stages(&matches).remove(0);
    assert_eq!(ranks(&found.tables[0]), [(1, "C"), (2, "A"), (3, "D"), (4, "B")]);
}

#[test]
fn what_a_file_says_goes_before_what_is_read_off_the_blocks() {
    let round = |block: &str, side, eliminates| Round {
        name: format!("{block}!"),
        block: block.into(),
        side,
        eliminates,
    };
    let stage = |name: &str, kind, block: &str| Stage {
        name: name.into(),
        kind,
        blocks: vec![block.into()],
        tiebreakers: vec![Tiebreaker::Seed],
        carries: Vec::new(),
        seeds: ["D", "C", "B", "A"].map(Team::id_of).to_vec(),
        expected_matches: None,
    };
    let team = |codes: [&str; 2]| codes.map(Team::id_of).to_vec();
    let groups = vec![
        Group { name: "Baron".into(), teams: team(["A", "B"]) },
        Group { name: "Elder".into(), teams: team(["C", "D"]) },
    ];
    let mut said = vec![
        stage("Cross", Kind::Groups(groups), "Week 1"),
        stage(
            "Cup",
            Kind::Bracket(vec![
                round("First", BracketSide::Upper, true),
                round("Last", BracketSide::Final, true),
            ]),
            "First",
        ),
    ];
    said[1].blocks.push("Last".into());
    said[0].carries = vec![Carried { tournament: Some("Before".into()), stage: "All".into() }];
    let matches = vec![
        game("Week 1", "A", "C", (2, 0)),
        game("Week 1", "B", "D", (2, 0)),
        on(2, "FIRST", "A", "B", (2, 0)),
        on(3, "Last", "A", "D", (0, 2)),
        game("Somewhere", "C", "A", (2, 0)),
    ];
    let before = Stage { carries: Vec::new(), ..stage("All", Kind::RoundRobin { meetings: 1 }, "Week 1") };
    let before =
        Played::new(vec![before], vec![game("Week 1", "B", "C", (2, 0)), game("Week 2", "C", "B", (2, 0))]);
    let others = HashMap::from([("Before".to_owned(), before)]);
    let found = Played::new(said, matches).standings(&others);
    // Groups whose teams meet those of the other one; B brings a win along, and C is seeded behind D.
    assert_eq!(ranks(&found[0].tables[0]), [(1, "B"), (2, "A")]);
    assert_eq!(ranks(&found[0].tables[1]), [(1, "D"), (2, "C")]);
    assert_eq!(
        (found[1].champion, found[1].rounds[1].round.name.as_str()),
        (Some(Team::id_of("D")), "Last!")
    );
    assert_eq!(found[1].tables[0].lines.len(), 4, "seeds stand in the table before they have played");
}

proptest! {
    #[test]
    fn every_win_is_someone_s_loss_and_ranks_follow_the_order(
        results in prop::collection::vec((0_usize..8, 0_usize..8, 0_i16..=2, 0_i16..=2), 0..60),
    ) {
        let games = results.iter().filter(|(a, b, ..)| a != b);
        let matches: Vec<Match> = games
            .map(|(a, b, x, y)| game("Week 1", &format!("T{a}"), &format!("T{b}"), (*x, *y)))
            .collect();
        let table = table(&matches);
        let order = |line: &Standing| (-line.wins, -line.game_difference());
        let sum = |of: fn(&Standing) -> i32| table.iter().map(of).sum::<i32>();
        prop_assert_eq!(sum(|line| line.wins), sum(|line| line.losses));
        prop_assert_eq!(sum(Standing::game_difference), 0);
        for (index, pair) in table.windows(2).enumerate() {
            prop_assert!(order(&pair[0]) <= order(&pair[1]));
            let is_level = pair[0].rank == pair[1].rank;
            prop_assert!(!is_level || order(&pair[0]) == order(&pair[1]));
            prop_assert!(pair[0].rank <= pair[1].rank);
            prop_assert!(usize::try_from(pair[1].rank).unwrap() <= index + 2);
        }
    }
}
