mod brackets;
mod groups;
mod levels;

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
