use std::collections::HashMap;

use super::*;
use crate::domain::{
    BestOf, Score, Team, Tournament,
    decision::Outcome,
    stage::{BracketSide, Group, Round, Stage, Tiebreaker},
};

fn day(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_642_000_000 + day * 86_400, 0).unwrap()
}

/// A best of 3 on this day that ended like this; the score 0–0 leaves it open, and a team called `?` is to be decided.
fn on(at: i64, block: &str, team1: &str, team2: &str, score: (i16, i16)) -> Match {
    let key = format!("{at}/{block}/{team1}/{team2}");
    let team = |code: &str| (code != "?").then(|| Team::id_of(code));
    let open = Match {
        team1_id: team(team1),
        team2_id: team(team2),
        ..Match::new(Tournament::id_of("Cup"), key, block.into(), day(at), BestOf::new(3).unwrap())
    };
    let score = Score { team1: score.0, team2: score.1 };
    open.decided(Outcome { score, forfeited_by: None }).unwrap_or(open)
}

fn cancelled(m: Match) -> Match {
    Match { state: MatchState::Cancelled, team1_wins: 0, team2_wins: 0, winner_id: None, ..m }
}

fn ids(codes: &[&str]) -> Vec<TeamId> {
    let mut ids: Vec<TeamId> = codes.iter().map(|code| Team::id_of(code)).collect();
    ids.sort_unstable();
    ids
}

fn stage(name: &str, kind: Kind, blocks: &[&str]) -> Stage {
    Stage {
        name: name.into(),
        tiebreakers: Tiebreaker::usual(&kind),
        kind,
        blocks: blocks.iter().map(|block| (*block).to_owned()).collect(),
        carries: Vec::new(),
        seeds: Vec::new(),
        expected_matches: None,
    }
}

fn bracket(rounds: &[(&str, BracketSide, bool)]) -> Stage {
    let round = |(block, side, eliminates): &(&str, BracketSide, bool)| Round {
        name: (*block).into(),
        block: (*block).into(),
        side: *side,
        eliminates: *eliminates,
    };
    let blocks: Vec<&str> = rounds.iter().map(|(block, ..)| *block).collect();
    stage("Playoffs", Kind::Bracket(rounds.iter().map(round).collect()), &blocks)
}

fn week() -> Stage {
    stage("Regular Season", Kind::RoundRobin { meetings: 1 }, &["Week 1"])
}

fn asked_on(now: i64, said: &[Stage], matches: &[Match]) -> Vec<Question> {
    let tournament = Played::new(said.to_vec(), matches.to_vec());
    questions(Tournament::id_of("Cup"), &tournament, &tournament.standings(&HashMap::new()), day(now))
}

/// The only question before the first day.
fn only(said: &[Stage], matches: &[Match]) -> Question {
    let mut asked = asked_on(0, said, matches);
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.remove(0)
}

fn answer(question: &Question) -> (QuestionState, Option<TeamId>) {
    (question.state, question.winner_id)
}

const SEMIFINALS: [(&str, BracketSide, bool); 2] =
    [("Semifinals", BracketSide::Upper, true), ("Final", BracketSide::Final, true)];

#[test]
fn who_wins_a_bracket_is_asked_once_its_teams_are_known_and_decided_by_its_final() {
    let mut matches = vec![
        on(1, "Semifinals", "A", "B", (0, 0)),
        on(1, "Semifinals", "C", "?", (0, 0)),
        on(2, "Final", "?", "?", (0, 0)),
    ];
    for said in [vec![], vec![bracket(&SEMIFINALS)]] {
        assert!(only(&said, &matches).candidates.is_empty(), "one is to be decided");
    }
    matches[1] = on(1, "Semifinals", "C", "D", (0, 0));
    for said in [vec![], vec![bracket(&SEMIFINALS)]] {
        let asked = only(&said, &matches);
        assert_eq!((asked.kind, asked.stage.as_str()), (QuestionKind::Champion, "Playoffs"));
        assert_eq!((asked.candidates.clone(), asked.starts_at), (ids(&["A", "B", "C", "D"]), day(1)));
        assert_eq!(answer(&asked), (QuestionState::Scheduled, None));
    }
    matches[0] = on(1, "Semifinals", "A", "B", (2, 0));
    assert_eq!(answer(&only(&[], &matches)), (QuestionState::InProgress, None));
    matches[1] = on(1, "Semifinals", "C", "D", (0, 2));
    matches[2] = on(2, "Final", "A", "D", (1, 2));
    let decided = only(&[], &matches);
    assert_eq!(answer(&decided), (QuestionState::Decided, Some(Team::id_of("D"))));
    assert_eq!(decided.candidates, ids(&["A", "B", "C", "D"]));
}

#[test]
fn seeds_are_candidates_before_they_have_a_match() {
    let said = Stage { seeds: ["A", "B", "C", "D"].map(Team::id_of).to_vec(), ..bracket(&SEMIFINALS) };
    let matches = [
        on(1, "Semifinals", "?", "?", (0, 0)),
        on(1, "Semifinals", "?", "?", (0, 0)),
        on(2, "Final", "?", "?", (0, 0)),
    ];
    assert_eq!(only(&[said], &matches).candidates, ids(&["A", "B", "C", "D"]));
}

#[test]
fn a_bracket_that_nobody_has_said_needs_a_final() {
    let matches = [on(1, "Playoffs Round 1", "A", "B", (0, 0))];
    assert!(only(&[], &matches).candidates.is_empty(), "a second round may come");
}

#[test]
fn who_loses_in_the_upper_rounds_or_plays_for_a_place_is_not_out_by_that() {
    let rounds = [
        ("Upper Round 1", BracketSide::Upper, false),
        ("Upper Final", BracketSide::Upper, false),
        ("Lower Round 1", BracketSide::Lower, true),
        ("Third Place", BracketSide::Placement, true),
        ("Lower Final", BracketSide::Lower, true),
        ("Grand Final", BracketSide::Final, true),
    ];
    let matches = [
        on(1, "Upper Round 1", "A", "B", (2, 0)),
        on(1, "Upper Round 1", "C", "D", (2, 0)),
        on(2, "Upper Final", "A", "C", (0, 0)),
        on(2, "Lower Round 1", "B", "D", (0, 0)),
        on(3, "Lower Final", "?", "?", (0, 0)),
        on(4, "Third Place", "?", "?", (0, 0)),
        on(5, "Grand Final", "?", "?", (0, 0)),
    ];
    assert_eq!(only(&[bracket(&rounds)], &matches).candidates, ids(&["A", "B", "C", "D"]));
}

#[test]
fn a_bracket_whose_final_is_called_off_has_no_answer_and_a_final_listed_anew_has_one() {
    let mut matches = vec![
        on(1, "Semifinals", "A", "B", (2, 0)),
        on(1, "Semifinals", "C", "D", (2, 0)),
        cancelled(on(2, "Final", "A", "C", (0, 0))),
    ];
    assert_eq!(answer(&only(&[], &matches)), (QuestionState::Cancelled, None));
    matches.push(on(3, "Final", "A", "C", (0, 0)));
    let asked = only(&[], &matches);
    assert_eq!((answer(&asked).0, asked.candidates.len()), (QuestionState::InProgress, 4));
    matches[3] = on(3, "Final", "A", "C", (2, 0));
    assert_eq!(only(&[], &matches).winner_id, Some(Team::id_of("A")));
}

#[test]
fn who_is_first_is_asked_of_a_stage_that_is_said_once_all_matches_are_listed() {
    let mut matches = vec![on(1, "Week 1", "A", "B", (2, 0)), on(2, "Week 1", "A", "C", (2, 0))];
    assert!(asked_on(0, &[], &matches).is_empty(), "nobody knows how many matches are to come");
    let asked = only(&[week()], &matches);
    assert_eq!((asked.candidates.len(), answer(&asked)), (0, (QuestionState::InProgress, None)));
    matches.push(on(3, "Week 1", "B", "?", (0, 0)));
    assert!(only(&[week()], &matches).candidates.is_empty(), "one is to be decided");
    matches[2] = on(3, "Week 1", "B", "C", (0, 0));
    let asked = only(&[week()], &matches);
    assert_eq!((asked.kind, asked.candidates), (QuestionKind::First, ids(&["A", "B", "C"])));
    matches[2] = on(3, "Week 1", "B", "C", (2, 0));
    assert_eq!(answer(&only(&[week()], &matches)), (QuestionState::Decided, Some(Team::id_of("A"))));
    let more = Stage { expected_matches: Some(4), ..week() };
    let asked = only(&[more], &matches);
    assert_eq!((asked.candidates.len(), answer(&asked)), (0, (QuestionState::InProgress, None)));
    let twice = Stage { kind: Kind::RoundRobin { meetings: 2 }, ..week() };
    assert_eq!(only(&[twice], &matches).state, QuestionState::InProgress, "each pair meets once more");
}

#[test]
fn of_each_group_who_is_first_is_asked_of_the_teams_that_the_file_says() {
    let group =
        |name: &str, codes: [&str; 2]| Group { name: name.into(), teams: codes.map(Team::id_of).to_vec() };
    let groups = vec![group("Baron", ["A", "B"]), group("Elder", ["C", "D"])];
    let said = [stage("Cross", Kind::Groups(groups), &["Week 1"])];
    let mut matches = vec![on(1, "Week 1", "A", "B", (0, 0))];
    let asked = asked_on(0, &said, &matches);
    let told: Vec<_> = asked.iter().map(|q| (q.group.as_deref(), q.candidates.clone())).collect();
    assert_eq!(told, [(Some("Baron"), ids(&["A", "B"])), (Some("Elder"), ids(&["C", "D"]))]);
    assert_ne!(asked[0].question_id, asked[1].question_id);
    matches[0] = on(1, "Week 1", "A", "B", (2, 0));
    assert_eq!(asked_on(0, &said, &matches)[0].winner_id, None, "the other group is not through");
    matches.push(on(2, "Week 1", "C", "D", (0, 2)));
    let winners: Vec<_> = asked_on(0, &said, &matches).iter().map(|q| q.winner_id).collect();
    assert_eq!(winners, [Some(Team::id_of("A")), Some(Team::id_of("D"))]);
}

#[test]
fn a_swiss_stage_asks_nothing() {
    let kind = Kind::Swiss { advance_at: 3, out_at: 3 };
    let matches = [on(1, "Swiss Round 1", "A", "B", (2, 0))];
    assert!(asked_on(0, &[stage("Swiss", kind, &["Swiss Round 1"])], &matches).is_empty());
}

/// A, B and C have beaten each other in a circle.
fn circle() -> Vec<Match> {
    vec![
        on(1, "Week 1", "A", "B", (2, 0)),
        on(2, "Week 1", "B", "C", (2, 0)),
        on(3, "Week 1", "C", "A", (2, 0)),
    ]
}

#[test]
fn a_shared_first_place_waits_for_what_separates_it_until_the_tournament_goes_on_or_a_week_has_passed() {
    let mut matches = circle();
    let mut state = |more: Option<Match>, now| {
        matches.truncate(3);
        matches.extend(more);
        answer(&asked_on(now, &[week()], &matches)[0])
    };
    let open = (QuestionState::InProgress, None);
    let nobody = (QuestionState::Cancelled, None);
    assert_eq!(state(None, 9), open);
    assert_eq!(state(None, 10), nobody);
    assert_eq!(state(Some(on(4, "Final", "A", "B", (0, 0))), 4), open);
    assert_eq!(state(Some(on(4, "Final", "A", "B", (2, 0))), 4), nobody);
    assert_eq!(state(Some(on(2, "Showmatch", "A", "B", (2, 0))), 4), open, "it was before");
    assert_eq!(state(Some(on(4, "Tiebreakers", "A", "B", (2, 0))), 4), open, "C has none");
}

#[test]
fn a_tiebreaker_decides_who_is_first_and_is_waited_for() {
    let mut matches = vec![
        on(1, "Week 1", "A", "B", (2, 1)),
        on(2, "Week 1", "B", "C", (2, 1)),
        on(2, "Week 1", "A", "C", (1, 2)),
        on(3, "Week 1", "A", "D", (2, 1)),
        on(3, "Week 1", "B", "D", (2, 1)),
        on(3, "Week 1", "C", "D", (0, 2)),
        on(4, "Tiebreakers", "B", "A", (0, 0)),
    ];
    assert_eq!(
        answer(&only(&[week()], &matches)),
        (QuestionState::InProgress, None),
        "A is ahead of B so far"
    );
    matches[6] = on(4, "Tiebreakers", "B", "A", (2, 1));
    assert_eq!(answer(&only(&[week()], &matches)), (QuestionState::Decided, Some(Team::id_of("B"))));
    matches[6] = on(4, "Tiebreakers", "B", "A", (0, 0));
    let late = asked_on(10, &[week()], &matches);
    assert_eq!(late[0].winner_id, Some(Team::id_of("A")), "it is not played any more");
}

#[test]
fn a_match_that_is_called_off_counts_for_nobody_and_does_not_hold_up_the_table() {
    let mut matches = circle();
    matches[0] = cancelled(on(1, "Week 1", "A", "B", (0, 0)));
    let asked = only(&[week()], &matches);
    assert_eq!((asked.starts_at, asked.candidates.len()), (day(2), 3));
    assert_eq!(answer(&asked), (QuestionState::Decided, Some(Team::id_of("B"))));
}

#[test]
fn a_question_is_cancelled_when_its_stage_is_gone_and_never_begun_without_candidates() {
    let known = only(&[week()], &circle());
    let none = circle().into_iter().map(cancelled).collect::<Vec<_>>();
    for asked in [asked_on(0, &[week()], &none), asked_on(0, &[week()], &[]), asked_on(0, &[], &circle())] {
        let renewed = renewed(std::slice::from_ref(&known), asked);
        let gone = Question { state: QuestionState::Cancelled, winner_id: None, ..known.clone() };
        assert_eq!(renewed, [gone]);
    }
    let unknown = only(&[week()], &circle()[..2]);
    assert_eq!(renewed(&[], vec![unknown.clone()]), []);
    assert_eq!(renewed(std::slice::from_ref(&known), vec![unknown.clone()]), [unknown]);
    assert_eq!(renewed(&[], asked_on(10, &[week()], &circle())), [], "it would be cancelled at once");
    assert_eq!(renewed(&[], vec![known.clone()]), [known]);
}
