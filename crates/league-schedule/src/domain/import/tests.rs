use chrono::{DateTime, Utc};

use super::*;
use crate::domain::{
    MatchState,
    season::{Format, read},
};

const HEADER: &str = "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note\n";

fn known(teams: &[&str]) -> Known {
    let team = |code: &str| Team {
        team_id: Team::id_of(code),
        code: code.into(),
        name_en: code.into(),
        name_ko: code.into(),
        colour: "#000000".into(),
    };
    Known { teams: teams.iter().map(|code| ((*code).to_owned(), team(code))).collect(), ..Known::default() }
}

/// Long after every match of these tests.
fn now() -> DateTime<Utc> {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn season(lines: &str) -> Season {
    read(Format::Csv, format!("{HEADER}{lines}").as_bytes())
}

/// What is known once `plan` has been written over `known`.
fn applied(mut known: Known, plan: Plan) -> Known {
    known.teams.extend(plan.teams.into_iter().map(|team| (team.code.clone(), team)));
    known.tournaments.extend(plan.tournaments.into_iter().map(|name| (name, SourceKind::File)));
    known.matches.extend(plan.matches.into_iter().map(|m| (m.match_id, m)));
    known
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.report.lines.iter().map(|line| line.action).collect()
}

#[test]
fn what_a_plan_has_brought_in_is_unchanged_the_next_time() {
    let known = known(&["T1", "GEN"]);
    let season = season("Cup,Week 1,2022-01-12,1,3,T1,GEN,2,1,\nCup,Week 1,2022-01-13,1,3,GEN,T1,,,\n");
    let first = Plan::new(&season, known.clone(), Importer::Admin, now());
    assert_eq!(actions(&first), [Action::Added, Action::Added]);
    assert_eq!(first.report.lines[0].message, "begins the tournament Cup");
    let again = Plan::new(&season, applied(known, first), Importer::Admin, now());
    assert_eq!(actions(&again), [Action::Unchanged, Action::Unchanged]);
    assert!(again.matches.is_empty() && again.tournaments.is_empty());
}

#[test]
fn the_service_itself_leaves_decisions_by_hand_alone_and_an_administrator_does_not() {
    let known = known(&["T1", "GEN"]);
    let played = season("Cup,Week 1,2022-01-12,1,3,T1,GEN,2,1,\n");
    let mut known = applied(known.clone(), Plan::new(&played, known, Importer::Admin, now()));
    for m in known.matches.values_mut() {
        m.by_hand = true;
        m.team2_wins = 0;
    }
    let by_source = Plan::new(&played, known.clone(), Importer::Source, now());
    assert_eq!(actions(&by_source), [Action::Unchanged]);
    let by_admin = Plan::new(&played, known, Importer::Admin, now());
    assert_eq!(by_admin.report.lines[0].message, "result: 2–0 → 2–1");
}

#[test]
fn a_tournament_of_another_source_takes_no_file() {
    for (source, why) in
        [(SourceKind::Replay, "Cup is being replayed"), (SourceKind::Live, "Cup comes from the live feed")]
    {
        let mut known = known(&["T1", "GEN"]);
        known.tournaments.insert("Cup".into(), source);
        let plan =
            Plan::new(&season("Cup,Week 1,2022-01-12,1,3,T1,GEN,2,1,\n"), known, Importer::Admin, now());
        assert_eq!(plan.report.first_refused().unwrap().message, why);
    }
}

#[test]
fn teams_cannot_change_under_a_result_that_stands() {
    let known = known(&["T1", "GEN", "DK"]);
    let played = season("Cup,Week 1,2022-01-12,1,3,T1,GEN,2,1,\n");
    let known = applied(known.clone(), Plan::new(&played, known, Importer::Admin, now()));
    let longer = season("Cup,Week 1,2022-01-12,1,5,T1,GEN,,,\n");
    let plan = Plan::new(&longer, known.clone(), Importer::Admin, now());
    assert_eq!(
        plan.report.first_refused().unwrap().message,
        "does not fit the result that stands: the score has no winner"
    );
    let nobody = season("Cup,Week 1,2022-01-12,1,3,T1,,,,\n");
    assert!(Plan::new(&nobody, known, Importer::Admin, now()).report.first_refused().is_some());
}

#[test]
fn a_team_twice_in_a_file_is_refused() {
    let t1 = r##"{"code": "T1", "nameEn": "T1", "nameKo": "티원", "colour": "#e2012d"}"##;
    let content = format!(r#"{{"format": "loljoa-season/1", "teams": [{t1}, {t1}]}}"#);
    let plan = Plan::new(&read(Format::Json, content.as_bytes()), Known::default(), Importer::Admin, now());
    assert_eq!(actions(&plan), [Action::Added, Action::Refused]);
    assert_eq!(plan.teams[0].colour, "#E2012D");
}

#[test]
fn a_change_names_each_field_with_what_stood_and_what_will() {
    let known = known(&["T1", "GEN", "DK"]);
    let first = season("Cup,Week 1,2022-01-12,1,3,T1,GEN,,,\n");
    let known = applied(known.clone(), Plan::new(&first, known, Importer::Admin, now()));
    let message = |line: &str| {
        let plan = Plan::new(&season(line), known.clone(), Importer::Admin, now());
        plan.report.lines[0].message.clone()
    };
    assert_eq!(message("Cup,Week 1,2022-01-12,1,3,T1,DK,,,\n"), "team 2: GEN → DK");
    assert_eq!(
        message("Cup,Week 2,2022-01-12,1,5,,GEN,,,\n"),
        "block: Week 1 → Week 2; best of: 3 → 5; team 1: T1 → to be decided"
    );
}

/// The warnings of lines that are new, at a time before their matches.
fn warnings(lines: &str, nearby: &str) -> Vec<String> {
    let mut known = known(&["T1", "GEN", "DK"]);
    known.nearby = Plan::new(&season(nearby), known.clone(), Importer::Admin, now()).matches;
    let before = "2022-01-12T00:00:00Z".parse().unwrap();
    let plan = Plan::new(&season(lines), known, Importer::Admin, before);
    plan.report.lines.into_iter().map(|line| line.warning).collect()
}

#[test]
fn a_result_long_before_the_start_is_odd() {
    let lines = "Cup,Week 1,2022-01-12,1,3,T1,GEN,2,0,\nCup,Week 1,2022-01-14,1,3,T1,GEN,2,0,\n";
    assert_eq!(warnings(lines, ""), ["", "has a result, but starts only on 2022-01-14"]);
}

#[test]
fn the_same_pair_on_a_day_and_a_team_in_two_places_are_odd_wherever_the_other_match_is() {
    let line = "Cup,Week 1,2022-01-12,1,3,T1,GEN,,,\n";
    assert_eq!(
        warnings(line, "Cup,Week 1,2022-01-12,2,3,GEN,T1,,,\n"),
        ["the same teams play GEN–T1, slot 2 of 2022-01-12, too"]
    );
    let elsewhere = "Other Cup,Week 1,2022-01-12,1,3,DK,GEN,,,\n";
    let odd = |name| format!("a team of it plays {name}, slot 1 of 2022-01-12 at that time");
    assert_eq!(warnings(line, elsewhere), [odd("DK–GEN")]);
    assert_eq!(warnings(&format!("{line}{elsewhere}"), ""), [odd("DK–GEN"), odd("T1–GEN")]);
    // Another slot, a team that is not known, the next day, another tournament in the evening, the match itself.
    for fine in [
        "Cup,Week 1,2022-01-12,2,3,T1,DK,,,\n",
        "Other Cup,Week 1,2022-01-12,1,3,DK,,,,\n",
        "Cup,Week 1,2022-01-13,1,3,T1,GEN,,,\n",
        "Other Cup,Week 1,2022-01-12,3,3,T1,GEN,,,\n",
        line,
    ] {
        assert_eq!(warnings(line, fine), [""], "{fine}");
    }
}

#[test]
fn a_tiebreaker_of_the_day_is_another_match_and_a_second_one_is_the_same() {
    let line = |block: &str, slot: u8| format!("Cup,{block},2022-01-12,{slot},3,T1,GEN,,,\n");
    let both = format!("{}{}", line("Week 1", 1), line("Tiebreaker", 2));
    let plan = Plan::new(&season(&both), known(&["T1", "GEN"]), Importer::Admin, now());
    assert_eq!(actions(&plan), [Action::Added, Action::Added]);
    assert_eq!(warnings(&both, ""), ["", ""]);
    assert_eq!(warnings(&line("Tiebreaker", 2), &line("Week 1", 1)), [""]);
    for twice in [["Tiebreaker", "Tiebreaker"], ["Week 1", "Week 2"]] {
        let lines = [line(twice[0], 1), line(twice[1], 2)].concat();
        let plan = Plan::new(&season(&lines), known(&["T1", "GEN"]), Importer::Admin, now());
        assert_eq!(plan.report.first_refused().unwrap().message, "the same match as line 2");
    }
}

#[test]
fn a_match_that_has_begun_and_is_moved_to_later_is_scheduled_again() {
    let known = known(&["T1", "GEN"]);
    let first = season("Cup,Week 1,2026-11-26,1,3,T1,GEN,,,\n");
    let mut known = applied(known.clone(), Plan::new(&first, known, Importer::Admin, now()));
    known.matches.values_mut().for_each(|m| m.state = MatchState::InProgress);
    let moved = |start: &str| {
        let file = format!(
            r#"{{"format": "loljoa-season/1", "matches": [{{"tournament": "Cup", "block": "Week 1",
            "date": "2026-11-26", "slot": 1, "bestOf": 3, "team1": "T1", "team2": "GEN", "startsAt": "{start}"}}]}}"#
        );
        let plan = Plan::new(&read(Format::Json, file.as_bytes()), known.clone(), Importer::Admin, now());
        plan.matches[0].state
    };
    assert_eq!(moved("2026-11-27T12:00:00Z"), MatchState::Scheduled);
    assert_eq!(moved("2026-11-26T11:00:00Z"), MatchState::InProgress);
}
