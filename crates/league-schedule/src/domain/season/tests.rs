use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        Side,
        stage::{BracketSide, Kind, Tiebreaker},
    },
    source::file::BUNDLED,
};

const HEADER: &str = "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note\n";

fn matches(season: &Season) -> Vec<&Fixture> {
    season.matches.iter().map(|entry| entry.content.as_ref().unwrap()).collect()
}

/// The bundled season, as a table.
fn bundled_as_csv() -> String {
    let season = read(Format::Json, BUNDLED.as_bytes());
    let mut table = HEADER.to_owned();
    for fixture in matches(&season) {
        let code = |side| if side == Side::Team1 { &fixture.team1 } else { &fixture.team2 };
        let ending = fixture.ending.unwrap();
        let note = ending.forfeited_by.map(|side| format!("forfeit by {}", code(side).as_deref().unwrap()));
        let fields = [
            fixture.tournament.clone(),
            fixture.block.clone(),
            fixture.date.to_string(),
            fixture.slot.to_string(),
            fixture.best_of.games().to_string(),
            code(Side::Team1).clone().unwrap(),
            code(Side::Team2).clone().unwrap(),
            ending.score.team1.to_string(),
            ending.score.team2.to_string(),
            note.unwrap_or_default(),
        ];
        table.push_str(&(fields.join(",") + "\n"));
    }
    table
}

#[test]
fn both_formats_say_the_same() {
    let (json, table) = (read(Format::Json, BUNDLED.as_bytes()), bundled_as_csv());
    let csv = read(Format::Csv, table.as_bytes());
    assert_eq!((json.teams.len(), json.matches.len(), csv.matches.len()), (10, 96, 96));
    assert_eq!(matches(&json), matches(&csv));
}

#[test]
fn an_entry_knows_its_line_also_after_a_mark_and_with_windows_line_ends() {
    let table = format!("\u{feff}{}", bundled_as_csv().replace('\n', "\r\n"));
    let season = read(Format::Csv, table.as_bytes());
    let lines: Vec<_> = season.matches.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, (2..98).collect::<Vec<_>>());
    let spaced = read(Format::Csv, bundled_as_csv().replace('\n', "\n\n").as_bytes());
    assert_eq!(spaced.matches[95].line, 193);
    let season = read(Format::Json, BUNDLED.as_bytes());
    let first = BUNDLED.lines().position(|line| line.contains("2022-01-12")).unwrap() + 1;
    let lines: Vec<_> = season.matches.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, (first..first + 96).collect::<Vec<_>>());
}

#[test]
fn a_start_of_its_own_moves_a_match_without_renaming_it() {
    let postponed = r#"{"format": "loljoa-season/1", "matches": [
        {"tournament": "Cup", "block": "Week 1", "date": "2022-01-12", "slot": 1, "bestOf": 3,
         "team1": "t1", "team2": null, "startsAt": "2022-01-20T17:00:00+09:00"}]}"#;
    let season = read(Format::Json, postponed.as_bytes());
    let fixture = matches(&season)[0];
    assert_eq!(fixture.source_key(), "2022-01-12/1");
    assert_eq!(fixture.starts_at.to_rfc3339(), "2022-01-20T08:00:00+00:00");
    assert_eq!((fixture.team1.as_deref(), fixture.team2.as_deref()), (Some("T1"), None));
}

/// Why the only match of a file is refused, when its fields are those of a good one but for `field`.
fn refusal(field: &str, value: &str) -> String {
    let good = [
        ("tournament", "\"Cup\""),
        ("block", "\"Week 1\""),
        ("date", "\"2022-01-12\""),
        ("slot", "1"),
        ("bestOf", "3"),
    ];
    let fields = good.iter().filter(|(name, _)| *name != field).copied().chain([(field, value)]);
    let fields = fields.filter(|(_, value)| !value.is_empty());
    let fields = fields.map(|(name, value)| format!("\"{name}\": {value}")).collect::<Vec<_>>().join(", ");
    let file = format!(r#"{{"format": "loljoa-season/1", "matches": [{{{fields}}}]}}"#);
    read(Format::Json, file.as_bytes()).matches[0].content.clone().unwrap_err()
}

#[test]
fn what_is_wrong_with_an_entry_names_its_field_and_what_is_wanted() {
    for (field, value, why) in [
        ("slot", "\"two\"", "slot: invalid type: string \"two\", expected a whole number"),
        ("bestOf", "3.5", "bestOf: invalid type: floating point `3.5`, expected a whole number"),
        ("team1Wins", "\"2\"", "team1Wins: invalid type: string \"2\", expected a whole number"),
        ("team1", "7", "team1: invalid type: integer `7`, expected a string"),
        ("team2", "\"T 1\"", "team2 must be 1 to 32 of A–Z, 0–9, - and ."),
        ("startsAt", "\"2022-01-12\"", "startsAt must be a time such as 2022-01-12T17:00:00+09:00"),
        ("startsAt", "\"soon\"", "startsAt must be a time such as 2022-01-12T17:00:00+09:00"),
        ("block", "", "missing field `block`"),
        (
            "slot",
            "99999999999999999999",
            "slot: invalid type: floating point `1e+20`, expected a whole number",
        ),
    ] {
        assert_eq!(refusal(field, value), why, "{field}: {value}");
    }
}

#[test]
fn a_name_in_another_case_or_composition_is_the_same_tournament() {
    let line = |name: &str, slot: u8| format!("{name},1주차,2022-01-12,{slot},3,T1,,,,\n");
    let table = format!("{HEADER}{}{}{}", line("여름 컵", 1), line(" cup  ONE ", 2), line("Cup One", 3));
    let season = read(Format::Csv, table.as_bytes()).spelt_as(["CUP One"].into_iter());
    let names: Vec<_> = matches(&season).iter().map(|fixture| fixture.tournament.as_str()).collect();
    assert_eq!(names, ["여름 컵", "CUP One", "CUP One"]);
    let alone = read(Format::Csv, table.as_bytes()).spelt_as(std::iter::empty());
    assert_eq!(matches(&alone)[2].tournament, "cup ONE", "as the file spells it first");
    assert_eq!(matches(&alone)[0].block, "Week 1");
}

/// What a file says of a tournament with these stages.
fn course(stages: &str) -> Result<Course, String> {
    let file = format!(
        r#"{{"format": "loljoa-season/1", "tournaments": [{{"name": "Cup", "stages": [{stages}]}}]}}"#
    );
    read(Format::Json, file.as_bytes()).courses[0].content.clone()
}

#[test]
fn stages_of_every_kind_are_read() {
    use BracketSide::{Final, Lower, Placement, Upper};
    let read = course(
        r#"{"name": "Rounds", "kind": "doubleRoundRobin", "blocks": ["week 1-3", "5주차"], "tiebreakers": ["headToHead", "seed"]},
        {"name": "Groups", "kind": "groups", "blocks": ["Week 6"], "carries": [{"stage": "Rounds"}, {"tournament": "Other", "stage": "All"}],
         "groups": [{"name": "Legend", "teams": ["t1", "GEN"]}, {"name": "Rise", "teams": ["DK"]}]},
        {"name": "Swiss", "kind": "swiss", "blocks": ["Swiss"], "advanceAt": 2},
        {"name": "Playoffs", "kind": "bracket", "seeds": ["DK", "T1"], "rounds": [{"block": "R1", "losers": "out"}, {"block": "R2"},
         {"block": "L", "side": "lower"}, {"block": "Third", "side": "placement"}, {"block": "F", "name": "Grand Final"}]}"#,
    );
    let course = read.unwrap();
    let [rounds, groups, swiss, playoffs] = &course.stages[..] else { panic!("four stages") };
    assert_eq!(rounds.kind, Kind::RoundRobin { meetings: 2 });
    assert_eq!(rounds.blocks, ["Week 1", "Week 2", "Week 3", "Week 5"]);
    assert_eq!(rounds.tiebreakers, [Tiebreaker::HeadToHead, Tiebreaker::Seed]);
    let Kind::Groups(of) = &groups.kind else { panic!("groups") };
    assert_eq!((of[0].name.as_str(), of[0].teams[0]), ("Legend", Team::id_of("T1")));
    assert_eq!(groups.tiebreakers, Tiebreaker::usual(&groups.kind));
    assert_eq!(groups.carries[1].tournament.as_deref(), Some("Other"));
    assert_eq!(swiss.kind, Kind::Swiss { advance_at: 2, out_at: 3 });
    let Kind::Bracket(rounds) = &playoffs.kind else { panic!("a bracket") };
    let told: Vec<_> =
        rounds.iter().map(|round| (round.name.as_str(), round.side, round.eliminates)).collect();
    let expected = [
        ("R1", Upper, true),
        ("R2", Upper, false),
        ("L", Lower, true),
        ("Third", Placement, true),
        ("Grand Final", Final, true),
    ];
    assert_eq!(told, expected);
    assert_eq!(course.teams, ["T1", "GEN", "DK", "DK", "T1"]);
}

#[test]
fn what_is_wrong_with_a_stage_names_its_field_and_what_is_wanted() {
    let table = r#""name": "A", "kind": "roundRobin", "blocks": ["Week 1"]"#;
    for (stages, why) in [
        (r#"{"name": "A", "kind": "knockout"}"#.to_owned(), "kind must be roundRobin, doubleRoundRobin, groups, swiss or bracket"),
        (r#"{"name": "A", "kind": "roundRobin"}"#.to_owned(), "blocks must name the blocks of its matches, such as \"Week 1-9\""),
        (format!(r#"{{{table}, "tiebreakers": ["coin"]}}"#), "tiebreakers must be of gameDifference, gameWins, "),
        (format!(r#"{{{table}, "tiebreakers": ["seed", "seed"]}}"#), "tiebreakers: the rule seed is named twice"),
        (format!(r#"{{{table}, "rounds": [{{"block": "Final"}}]}}"#), "rounds is for the kind bracket"),
        (format!(r#"{{{table}, "outAt": 3}}"#), "outAt is for the kind swiss"),
        (format!(r#"{{{table}, "seeds": ["T 1"]}}"#), "seeds must be 1 to 32 of"),
        (format!(r#"{{{table}, "carries": [{{"stage": "B"}}]}}"#), "stages[0]: carries: no stage B before this one"),
        (format!("{{{table}}}, {{{}}}", table.replace("\"A\"", "\"B\"")), "the block Week 1 is named twice"),
        (format!("{{{table}}}, {{{}}}", table.replace("Week 1", "Week 2")), "the stage A is named twice"),
        (r#"{"name": "A", "kind": "groups", "blocks": ["x"]}"#.to_owned(), "groups must name the groups and their teams"),
        (
            r#"{"name": "A", "kind": "groups", "blocks": ["x"], "groups": [{"name": "G", "teams": ["T1"]}, {"name": "H", "teams": ["t1"]}]}"#
                .to_owned(),
            "groups: a team can be in one group only",
        ),
        (r#"{"name": "A", "kind": "swiss", "blocks": ["x"], "advanceAt": 0}"#.to_owned(), "advanceAt must be from 1 to 9"),
        (r#"{"name": "A", "kind": "bracket", "blocks": ["x"], "rounds": [{"block": "x"}]}"#.to_owned(), "blocks of a bracket are"),
        (r#"{"name": "A", "kind": "bracket", "rounds": [{"block": "x", "side": "left"}]}"#.to_owned(), "rounds: side must be upper, "),
        (r#"{"name": "A", "kind": "bracket", "rounds": [{"block": "x", "losers": "in"}]}"#.to_owned(), "rounds: losers must be out, "),
        (r#"{"name": "A", "kind": "roundRobin", "blocks": ["Week 9-1"]}"#.to_owned(), "blocks: Week 9-1 ends before it begins"),
        (r#"{"name": "A", "kind": "swiss", "blocks": ["x"], "outAt": "3"}"#.to_owned(), "expected a whole number"),
        (r#"{"name": "A", "kind": "roundRobin", "blocks": ["x"], "colour": "red"}"#.to_owned(), "unknown field `colour`"),
    ] {
        let refused = course(&stages).unwrap_err();
        assert!(refused.contains(why), "{stages}: {refused}");
    }
}

/// Every stage that stands as an example in the document of the format.
#[test]
fn the_examples_of_the_document_are_read() {
    let document = include_str!("../../../../../docs/season-format.md");
    let blocks: Vec<_> =
        document.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let (files, stages): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.contains("\"format\""));
    for file in &files {
        let season = read(Format::Json, file.as_bytes());
        let refused: Vec<_> = season.courses.iter().filter_map(|entry| entry.content.clone().err()).collect();
        assert_eq!((season.refused, refused), (None, Vec::new()), "{file}");
        assert!(
            season.matches.iter().all(|entry| entry.content.is_ok())
                && season.teams.iter().all(|entry| entry.content.is_ok())
        );
    }
    let mut read = 0;
    for stage in stages.concat().replace("}\n{", "}\u{0}{").split('\u{0}') {
        course(stage.trim()).unwrap_or_else(|why| panic!("{stage}: {why}"));
        read += 1;
    }
    assert_eq!((files.len(), read), (2, 6));
}

/// Whether every entry is good and all of them are there.
fn is_whole(season: &Season) -> bool {
    season.refused.is_none()
        && season.matches.len() == 96
        && season.matches.iter().all(|entry| entry.content.is_ok())
}

proptest! {
    #[test]
    fn random_bytes_never_panic(content in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(Format::Json, &content);
        let _ = read(Format::Csv, &content);
        let table = [HEADER.as_bytes(), &content].concat();
        let _ = read(Format::Csv, &table);
    }

    #[test]
    fn a_season_with_one_byte_changed_never_panics(at in 0..BUNDLED.len(), byte in any::<u8>()) {
        let mut content = BUNDLED.as_bytes().to_vec();
        content[at] = byte;
        let _ = read(Format::Json, &content);
    }

    #[test]
    fn a_json_season_cut_off_anywhere_is_refused(at in 0..BUNDLED.trim_end().len()) {
        prop_assert!(!is_whole(&read(Format::Json, &BUNDLED.as_bytes()[..at])));
    }

    #[test]
    fn a_table_cut_off_within_a_line_is_refused(cut in any::<prop::sample::Index>()) {
        let table = bundled_as_csv();
        let at = cut.index(table.trim_end().len());
        prop_assert!(!is_whole(&read(Format::Csv, &table.as_bytes()[..at])));
    }
}
