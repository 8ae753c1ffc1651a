//! Brackets, and stages that a file has said.

use super::*;

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
    // Who loses in the upper rounds is still in, though its next match is not known.
    let found = stages(&[&all[..4], &[on(5, "Playoffs Grand Final", "B", "?", (0, 0))]].concat()).remove(0);
    assert_eq!(ranks(&found.tables[0]).iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [1, 1, 1, 4]);
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
