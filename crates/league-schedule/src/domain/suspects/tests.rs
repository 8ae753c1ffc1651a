use super::*;
use crate::domain::{
    BestOf, Score, Tournament,
    decision::Outcome,
    stage::{Kind as StageKind, Stage},
};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// A match of the cup, by its start.
fn game(starts_at: &str, block: &str, [one, two]: [&str; 2]) -> Match {
    Match {
        team1_id: Some(Team::id_of(one)),
        team2_id: Some(Team::id_of(two)),
        ..Match::new(
            Tournament::id_of("Cup"),
            starts_at.into(),
            block.into(),
            at(starts_at),
            BestOf::new(3).unwrap(),
        )
    }
}

fn played(m: &Match) -> Match {
    m.decided(Outcome { score: Score { team1: 2, team2: 0 }, forfeited_by: None }).unwrap()
}

/// What is odd about these, long after all of them.
fn found(matches: &[Match]) -> Vec<Suspect> {
    let team = |code: &str| Team {
        team_id: Team::id_of(code),
        code: code.into(),
        name_en: code.into(),
        name_ko: code.into(),
        colour: "#000000".into(),
    };
    find(matches, &["T1", "GEN", "DK"].map(team), &Said::new(), at("2027-01-01T00:00:00Z"))
}

fn kinds(matches: &[Match]) -> Vec<Kind> {
    found(matches).iter().map(|suspect| suspect.kind).collect()
}

#[test]
fn a_pair_is_odd_twice_within_a_day_and_what_was_played_stays() {
    let one = game("2026-11-26T11:00:00Z", "Week 1", ["T1", "GEN"]);
    let two = game("2026-11-27T10:59:59Z", "Week 1", ["GEN", "T1"]);
    let proposed = |matches: [&Match; 2]| {
        let [suspect] = &found(&matches.map(Clone::clone))[..] else { panic!("one") };
        assert_eq!((suspect.kind, suspect.matches.len()), (Kind::SamePair, 2));
        assert_eq!(suspect.matches[0].starts_at, one.starts_at);
        suspect.remove.unwrap()
    };
    assert_eq!(proposed([&one, &two]), two.match_id);
    assert_eq!(proposed([&two, &one]), two.match_id);
    assert_eq!(proposed([&one, &played(&two)]), one.match_id);
    assert_eq!(proposed([&played(&one), &played(&two)]), two.match_id);
}

#[test]
fn what_is_a_day_later_elsewhere_or_a_tiebreaker_is_not_odd() {
    let one = game("2026-11-26T08:00:00Z", "Week 1", ["T1", "GEN"]);
    let elsewhere = Match {
        tournament_id: Tournament::id_of("Other"),
        ..game("2026-11-26T12:30:00Z", "Week 1", ["T1", "GEN"])
    };
    for fine in [
        game("2026-11-27T08:00:00Z", "Week 1", ["T1", "GEN"]),
        game("2026-11-26T12:30:00Z", "Week 1", ["T1", "DK"]),
        game("2026-11-26T12:30:00Z", "Tiebreakers", ["GEN", "T1"]),
        elsewhere,
    ] {
        assert_eq!(kinds(&[one.clone(), fine]), []);
    }
    let tiebreakers =
        ["08", "11"].map(|hour| game(&format!("2026-11-26T{hour}:00:00Z"), "Tiebreakers", ["T1", "GEN"]));
    assert_eq!(kinds(&tiebreakers), [Kind::SamePair]);
}

#[test]
fn a_team_that_begins_twice_within_an_hour_is_in_two_places() {
    let one = game("2026-11-26T08:00:00Z", "Week 1", ["T1", "GEN"]);
    let elsewhere = |start: &str| Match {
        tournament_id: Tournament::id_of("Other"),
        ..game(start, "Week 1", ["DK", "GEN"])
    };
    let [suspect] = &found(&[one.clone(), elsewhere("2026-11-26T08:59:59Z")])[..] else { panic!("one") };
    assert_eq!((suspect.kind, suspect.remove), (Kind::TwoPlaces, None));
    assert_eq!(kinds(&[one, elsewhere("2026-11-26T09:00:00Z")]), []);
}

#[test]
fn a_result_is_odd_more_than_a_day_before_the_start() {
    let result = |start: &str| kinds(&[played(&game(start, "Week 1", ["T1", "GEN"]))]);
    assert_eq!(result("2027-01-02T00:00:01Z"), [Kind::ResultBeforeStart]);
    assert_eq!(result("2027-01-02T00:00:00Z"), []);
    assert_eq!(kinds(&[game("2027-02-02T00:00:00Z", "Week 1", ["T1", "GEN"])]), []);
}

#[test]
fn beside_weeks_a_block_that_does_not_tell_its_stage_counts_for_nothing() {
    let week = game("2026-11-26T08:00:00Z", "Week 1", ["T1", "GEN"]);
    let other = |block: &str| game("2026-11-28T08:00:00Z", block, ["T1", "GEN"]);
    for fine in ["Week 2", "Tiebreakers", "Playoffs Round 1", "Legend Group", "Swiss Round 1", "Play-In"] {
        assert_eq!(kinds(&[week.clone(), other(fine)]), [], "{fine}");
    }
    let odd = other("Wekk 2");
    assert_eq!(counts_for_nothing(&[week.clone(), odd.clone()], &Said::new()), [odd.match_id]);
    assert_eq!(kinds(&[week.clone(), odd.clone()]), [Kind::CountsForNothing]);
    let elsewhere = Match { tournament_id: Tournament::id_of("Other"), ..odd };
    assert_eq!(kinds(&[week, elsewhere]), []);
}

#[test]
fn the_latest_is_told_first_and_teams_to_be_decided_clash_with_nobody() {
    let nobody = |start: &str| Match { team2_id: None, ..game(start, "Week 1", ["T1", "GEN"]) };
    assert_eq!(kinds(&[nobody("2026-11-26T08:00:00Z"), nobody("2026-11-26T08:30:00Z")]), []);
    let pairs =
        ["2026-11-20T08:00:00Z", "2026-11-20T11:00:00Z", "2026-11-26T08:00:00Z", "2026-11-26T11:00:00Z"];
    let found = found(&pairs.map(|start| game(start, "Week 1", ["T1", "GEN"])));
    let starts: Vec<_> = found.iter().map(|suspect| suspect.matches[0].starts_at).collect();
    assert_eq!(starts, [at("2026-11-26T08:00:00Z"), at("2026-11-20T08:00:00Z")]);
}

#[test]
fn where_stages_were_said_a_block_of_none_of_them_counts_for_nothing() {
    let game = |block: &str| game("2026-11-26T08:00:00Z", block, ["T1", "GEN"]);
    let stage = Stage {
        name: "Cup".into(),
        kind: StageKind::RoundRobin { meetings: 1 },
        blocks: vec!["Battle".into()],
        tiebreakers: Vec::new(),
        carries: Vec::new(),
        seeds: Vec::new(),
        expected_matches: None,
    };
    let said = Said::from([(game("").tournament_id, vec![stage])]);
    let uncounted = |block: &str| !counts_for_nothing(&[game(block)], &said).is_empty();
    assert_eq!(
        ["battle", "Tiebreaker", "Week 1", "Playoffs Final"].map(uncounted),
        [false, false, true, true]
    );
}
