use chrono::TimeDelta;
use loljoa_service_kit::TournamentId;

use super::*;
use crate::domain::{
    Clubs, SourceKind,
    import::{Importer, Line},
    season::{Format, read},
};

/// Between the seasons of 2022 and 2025.
fn now() -> DateTime<Utc> {
    "2024-12-01T00:00:00Z".parse().unwrap()
}

fn team(code: &str, name: &str, more: &str) -> String {
    format!(r##"{{"code": "{code}", "nameEn": "{name}", "nameKo": "{name}", "colour": "#000000"{more}}}"##)
}

fn game(tournament: &str, date: &str, teams: [&str; 2]) -> String {
    let [one, two] = teams;
    format!(
        r#"{{"tournament": "{tournament}", "block": "Week 1", "date": "{date}", "slot": 1, "bestOf": 3, "team1": "{one}",
        "team2": "{two}"}}"#
    )
}

fn file(teams: &[String], matches: &[String]) -> Season {
    let content = format!(
        r#"{{"format": "loljoa-season/1", "teams": [{}], "matches": [{}]}}"#,
        teams.join(","),
        matches.join(",")
    );
    read(Format::Json, content.as_bytes())
}

/// LCK of `year`, between T1 and a DK of this name.
fn lck(year: i32, dk: &str) -> Season {
    let (name, date) = (format!("LCK {year}"), format!("{year}-01-12"));
    file(&[team("T1", "T1", ""), team("DK", dk, "")], &[game(&name, &date, ["T1", "DK"])])
}

/// What is known, as a database would have it.
#[derive(Default)]
struct World {
    known: Known,
    names: HashMap<(TournamentId, String), Team>,
    sources: HashMap<TournamentId, SourceKind>,
}

impl World {
    /// Brings a season in, and tells what the report says of its teams.
    fn import(&mut self, season: &Season) -> Vec<Line> {
        let plan = Plan::new(season, self.known.clone(), Importer::Admin, now());
        assert_eq!(plan.report.first_refused(), None);
        self.known.teams.extend(plan.teams.into_iter().map(|team| (team.code.clone(), team)));
        self.known.tournaments.extend(plan.tournaments.into_iter().map(|name| (name, SourceKind::File)));
        self.known.matches.extend(plan.matches.into_iter().map(|m| (m.match_id, m)));
        self.names.extend(plan.names.into_iter().map(|(place, team)| ((place, team.code.clone()), team)));
        let mut clubs: HashMap<_, _> = HashMap::new();
        for (former, now) in plan.renamings {
            clubs.insert(former, now.unwrap());
        }
        self.known.clubs = Clubs::new(clubs);
        self.look();
        plan.report.lines.into_iter().take(season.teams.len()).collect()
    }

    /// Reads from matches where teams play.
    fn look(&mut self) {
        self.known.played.clear();
        for team in self.known.teams.values() {
            for tournament in self.known.tournaments.keys() {
                let place = Tournament::id_of(tournament);
                let of = || self.known.matches.values().filter(|m| m.tournament_id == place);
                if !of().any(|m| [m.team1_id, m.team2_id].contains(&Some(team.team_id))) {
                    continue;
                }
                let (first, last) = (of().map(|m| m.starts_at).min(), of().map(|m| m.starts_at).max());
                self.known.played.entry(team.code.clone()).or_default().push(Appearance {
                    tournament: tournament.clone(),
                    first: first.unwrap(),
                    last: last.unwrap(),
                    is_replay: self.sources.contains_key(&place),
                    named: self.names.get(&(place, team.code.clone())).cloned(),
                });
            }
        }
    }

    /// What DK is called, and what LCK of `year` calls it.
    fn dk(&self, year: i32) -> [&str; 2] {
        let own = self.names.get(&(Tournament::id_of(&format!("LCK {year}")), "DK".into()));
        let everywhere = &self.known.teams["DK"];
        [everywhere, own.unwrap_or(everywhere)].map(|team| team.name_en.as_str())
    }
}

fn told(lines: &[Line]) -> Vec<(Action, &str)> {
    lines.iter().map(|line| (line.action, line.message.as_str())).collect()
}

#[test]
fn an_old_season_again_renames_nobody_and_a_new_one_does() {
    let mut world = World::default();
    world.import(&lck(2022, "DWG KIA"));
    let renamed = world.import(&lck(2025, "Dplus KIA"));
    let change = "nameEn: DWG KIA → Dplus KIA; nameKo: DWG KIA → Dplus KIA";
    assert_eq!(told(&renamed), [(Action::Unchanged, ""), (Action::Changed, change)]);
    assert_eq!(world.dk(2022), ["Dplus KIA", "DWG KIA"]);

    let again = world.import(&lck(2022, "DWG KIA"));
    assert_eq!(told(&again), [(Action::Unchanged, ""); 2]);
    let corrected = world.import(&lck(2022, "DAMWON KIA"));
    let change = "in LCK 2022: nameEn: DWG KIA → DAMWON KIA; nameKo: DWG KIA → DAMWON KIA";
    assert_eq!(told(&corrected)[1], (Action::Changed, change));
    assert_eq!(world.dk(2022), ["Dplus KIA", "DAMWON KIA"]);
    assert_eq!(world.dk(2025), ["Dplus KIA"; 2]);
    // The latest season may be corrected.
    world.import(&lck(2025, "Dplus Kia"));
    assert_eq!((world.dk(2022), world.dk(2025)), (["Dplus Kia", "DAMWON KIA"], ["Dplus Kia"; 2]));
}

#[test]
fn an_old_season_that_comes_after_a_new_one_names_its_own_tournaments_only() {
    let mut world = World::default();
    world.import(&lck(2025, "Dplus KIA"));
    let old = world.import(&lck(2022, "DWG KIA"));
    let change = "in LCK 2022: nameEn: Dplus KIA → DWG KIA; nameKo: Dplus KIA → DWG KIA";
    assert_eq!(told(&old), [(Action::Unchanged, ""), (Action::Changed, change)]);
    assert_eq!((world.dk(2022), world.dk(2025)), (["Dplus KIA", "DWG KIA"], ["Dplus KIA"; 2]));
}

#[test]
fn a_tournament_without_names_keeps_those_it_was_told_with_until_a_team_is_renamed() {
    let mut world = World::default();
    world.import(&lck(2022, "DWG KIA"));
    world.names.clear();
    world.look();
    world.import(&lck(2025, "Dplus KIA"));
    assert_eq!((world.dk(2022), world.dk(2025)), (["Dplus KIA", "DWG KIA"], ["Dplus KIA"; 2]));
}

#[test]
fn a_file_without_matches_names_teams_from_now_on() {
    let mut world = World::default();
    world.import(&lck(2022, "DWG KIA"));
    world.import(&lck(2025, "Dplus KIA"));
    let renamed = world.import(&file(&[team("DK", "DK Challengers", "")], &[]));
    assert_eq!(renamed[0].action, Action::Changed);
    assert_eq!((world.dk(2022), world.dk(2025)), (["DK Challengers", "DWG KIA"], ["DK Challengers"; 2]));
}

#[test]
fn a_replay_is_no_later_season() {
    let mut world = World::default();
    world.import(&lck(2022, "DWG KIA"));
    world.sources.insert(Tournament::id_of("LCK 2022"), SourceKind::Replay);
    for m in world.known.matches.values_mut() {
        m.starts_at = now() + TimeDelta::days(900);
    }
    world.look();
    world.import(&lck(2025, "Dplus KIA"));
    assert_eq!(world.dk(2022), ["Dplus KIA", "DWG KIA"]);
}

#[test]
fn a_code_that_a_club_bore_before_is_told_as_a_change_and_unknown_ones_name_their_field() {
    let mut world = World::default();
    let teams = |formerly: &str| file(&[team("AF", "Afreeca", ""), team("KDF", "Kwangdong", formerly)], &[]);
    world.import(&teams(""));
    let lines = world.import(&teams(r#", "formerly": ["af"]"#));
    assert_eq!(told(&lines), [(Action::Unchanged, ""), (Action::Changed, "formerly: AF")]);
    assert_eq!(told(&world.import(&teams(r#", "formerly": ["AF"]"#)))[1], (Action::Unchanged, ""));
    for (formerly, why) in [
        (r#"["SKT"]"#, "formerly: unknown team SKT"),
        (r#"["KDF"]"#, "formerly: KDF is the team's own code"),
        (r#"["A F"]"#, "formerly must be 1 to 32 of A–Z, 0–9, - and ."),
        (r#""AF""#, r#"formerly: invalid type: string "AF", expected a sequence"#),
    ] {
        let season = teams(&format!(r#", "formerly": {formerly}"#));
        let plan = Plan::new(&season, world.known.clone(), Importer::Admin, now());
        assert_eq!(plan.report.first_refused().unwrap().message, why);
    }
}

#[test]
fn both_codes_of_a_club_in_one_tournament_are_odd_and_in_two_are_not() {
    let teams = |formerly| [team("AF", "A", ""), team("KDF", "K", formerly), team("T1", "T1", "")];
    let odd = "AF and KDF are one club, and all play in LCK";
    let warnings = |known: &Known, season: &Season| -> Vec<String> {
        let plan = Plan::new(season, known.clone(), Importer::Admin, now());
        plan.report.lines.into_iter().map(|line| line.warning).collect()
    };
    let linked = r#", "formerly": ["AF"]"#;
    let both = [game("LCK", "2024-01-12", ["T1", "AF"]), game("LCK", "2024-01-13", ["KDF", "T1"])];
    let nothing = Known::default();
    assert_eq!(warnings(&nothing, &file(&teams(linked), &both)), ["", odd, "", "", odd]);
    let elsewhere = [both[0].clone(), game("LCK Summer", "2024-06-13", ["KDF", "T1"])];
    assert_eq!(warnings(&nothing, &file(&teams(linked), &elsewhere)), [""; 5]);
    // What is known already counts, too.
    let mut world = World::default();
    world.import(&file(&teams(""), &both));
    assert_eq!(warnings(&world.known, &file(&teams(linked), &[])), ["", odd, ""]);
}
