//! What separates teams with as many wins.

use super::*;

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
    let fell = circle_and(&[(5, "C", "A"), (6, "C", "B")]);
    assert_eq!(fell, "1C 2B 3A", "who fell later is ahead, though A has beaten B");
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

#[test]
fn results_against_each_other_count_only_once_all_have_met() {
    // A, B and C have won one and lost one; only A and B have met.
    let matches = [
        game("Week 1", "A", "B", (2, 1)),
        game("Week 1", "D", "A", (2, 1)),
        game("Week 1", "B", "D", (2, 1)),
        game("Week 1", "C", "E", (2, 1)),
        game("Week 1", "F", "C", (2, 1)),
    ];
    let ranks: Vec<_> = lines(&matches).into_iter().filter(|(_, code, ..)| "ABC".contains(code)).collect();
    assert!(ranks.iter().all(|(rank, ..)| *rank == ranks[0].0), "{ranks:?}");
}
