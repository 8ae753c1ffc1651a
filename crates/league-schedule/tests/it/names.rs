//! What teams are called in each tournament, and clubs that took another code.

use loljoa_proto::league_schedule::v1::{
    ImportSeasonResponse, ListMatchesRequest, ListTeamsRequest, Match, SeasonFormat, Team,
};
use sqlx::PgPool;

use crate::harness::{HEADER, Service, code};

fn team(code: &str, name: &str, more: &str) -> String {
    format!(r##"{{"code": "{code}", "nameEn": "{name}", "nameKo": "{name}", "colour": "#000000"{more}}}"##)
}

fn game(tournament: &str, date: &str, [one, two]: [&str; 2]) -> String {
    format!(
        r#"{{"tournament": "{tournament}", "block": "Week 1", "date": "{date}", "slot": 1, "bestOf": 3, "team1": "{one}",
        "team2": "{two}"}}"#
    )
}

/// A season's file, a team on each line from the second.
fn file(teams: &[String], matches: &[String]) -> String {
    let (teams, matches) = (teams.join(",\n"), matches.join(",\n"));
    format!("{{\"format\": \"loljoa-season/1\", \"teams\": [\n{teams}],\n\"matches\": [\n{matches}]}}")
}

fn lck(year: i32, dk: &str) -> String {
    let (name, date) = (format!("LCK {year}"), format!("{year}-01-12"));
    file(&[team("T1", "T1", ""), team("DK", dk, "")], &[game(&name, &date, ["T1", "DK"])])
}

/// `action: message` of the line.
fn told(report: &ImportSeasonResponse, line: i32) -> String {
    let line = report.lines.iter().find(|found| found.line == line).unwrap();
    format!("{:?}: {}", line.action(), line.message)
}

fn name(team: Option<&Team>) -> &str {
    team.map_or("", |team| team.name_en.as_str())
}

/// What the matches of a tournament call their second team.
fn second<'a>(matches: &'a [Match], tournament: &str) -> Vec<&'a str> {
    let of = matches.iter().filter(|m| m.tournament_name == tournament);
    of.map(|m| name(m.team2.as_ref())).collect()
}

impl Service {
    async fn teams(&self, tournament_id: &str) -> Vec<Team> {
        let request = ListTeamsRequest { tournament_id: tournament_id.into() };
        self.league.clone().list_teams(request).await.unwrap().into_inner().teams
    }

    /// What everything that tells of `tournament` calls DK.
    async fn dk_in(&self, tournament: &str) -> Vec<String> {
        let id = self.tournament(tournament).await.tournament_id;
        let teams = self.teams(&id).await;
        let dk = teams.into_iter().find(|team| team.code == "DK").unwrap();
        let standings = self.standings(&id).await.unwrap();
        let of_table = standings.iter().filter_map(|line| line.team.as_ref()).find(|team| team.code == "DK");
        let matches = self.all(ListMatchesRequest { tournament_id: id, ..Default::default() }).await;
        let one = self.get(&matches[0].match_id).await.unwrap();
        let (feed, _) = self.next_changes("", self.matches().await.len()).await;
        let mut names = vec![dk.name_en, name(of_table).to_owned(), name(one.team2.as_ref()).to_owned()];
        names.extend(second(&matches, tournament).into_iter().map(str::to_owned));
        names.extend(second(&feed, tournament).into_iter().map(str::to_owned));
        names.dedup();
        names
    }

    async fn dk(&self) -> String {
        let dk = self.teams("").await.into_iter().find(|team| team.code == "DK").unwrap();
        dk.name_en
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn an_old_season_again_renames_nobody_later(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    service.import(&lck(2022, "DWG KIA")).await;
    service.import(&lck(2025, "Dplus KIA")).await;
    let names =
        async || (service.dk().await, service.dk_in("LCK 2022").await, service.dk_in("LCK 2025").await);
    let expected = ("Dplus KIA".to_owned(), vec!["DWG KIA".to_owned()], vec!["Dplus KIA".to_owned()]);
    assert_eq!(names().await, expected);

    let old = lck(2022, "DWG KIA");
    let dry = service.import_as(SeasonFormat::Json, old.as_bytes(), true).await.unwrap();
    assert_eq!((dry.unchanged, told(&dry, 3)), (3, "Unchanged: ".into()));
    let again = service.import(&old).await;
    assert_eq!((again.unchanged, names().await), (3, expected));
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_season_that_came_as_a_table_keeps_the_names_it_was_told_with(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    service.import(&file(&[team("T1", "T1", ""), team("DK", "DWG KIA", "")], &[])).await;
    service.import_csv("LCK 2022,Week 1,2022-01-12,1,3,T1,DK,,,\n").await;
    assert_eq!(service.dk_in("LCK 2022").await, ["DWG KIA"]);
    let report = service.import(&lck(2025, "Dplus KIA")).await;
    assert_eq!(told(&report, 3), "Changed: nameEn: DWG KIA → Dplus KIA; nameKo: DWG KIA → Dplus KIA");
    assert_eq!(service.dk_in("LCK 2022").await, ["DWG KIA"]);
    assert_eq!(service.dk_in("LCK 2025").await, ["Dplus KIA"]);
    // Also a match that comes later is one of that season.
    service.import_csv("LCK 2022,Week 1,2022-01-13,1,3,T1,DK,,,\n").await;
    assert_eq!(service.dk_in("LCK 2022").await, ["DWG KIA"]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_dry_run_tells_matches_with_the_names_of_their_tournament(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    service.import(&lck(2025, "Dplus KIA")).await;
    service.import(&lck(2022, "DWG KIA")).await;
    let moved = format!("{HEADER}LCK 2022,Week 2,2022-01-12,1,3,T1,DK,,,\n");
    let dry = service.import_as(SeasonFormat::Csv, moved.as_bytes(), true).await.unwrap();
    let changed = |dry: &ImportSeasonResponse| {
        let changed = dry.changed_matches[0].r#match.clone().unwrap();
        changed.team2.unwrap().name_en
    };
    assert_eq!(changed(&dry), "DWG KIA");
    let renamed = lck(2022, "DAMWON KIA").replace("Week 1", "Week 2");
    let dry = service.import_as(SeasonFormat::Json, renamed.as_bytes(), true).await.unwrap();
    assert_eq!(changed(&dry), "DAMWON KIA");
    assert_eq!(
        told(&dry, 3),
        "Changed: in LCK 2022: nameEn: DWG KIA → DAMWON KIA; nameKo: DWG KIA → DAMWON KIA"
    );
    service.stop().await;
}

/// AF, which is KDF since 2022, which is DNF since 2025.
fn renamed_clubs() -> [String; 3] {
    let t1 = || team("T1", "T1", "");
    [
        file(&[t1(), team("AF", "Afreeca", "")], &[game("LCK 2021", "2021-01-12", ["T1", "AF"])]),
        file(
            &[t1(), team("KDF", "Kwangdong", r#", "formerly": ["AF"]"#)],
            &[game("LCK 2022", "2022-01-12", ["KDF", "T1"])],
        ),
        file(
            &[t1(), team("DNF", "DN Freecs", r#", "formerly": ["KDF"]"#)],
            &[game("LCK 2025", "2025-01-12", ["T1", "DNF"])],
        ),
    ]
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_club_is_told_with_its_former_codes_and_found_with_all_its_matches(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    let [first, second, third] = renamed_clubs();
    service.import(&first).await;
    service.import(&second).await;
    let dry = service.import_as(SeasonFormat::Json, third.as_bytes(), true).await.unwrap();
    assert_eq!(told(&dry, 3), "Added: formerly: KDF");
    service.import(&third).await;
    for season in [&first, &second, &third] {
        assert_eq!(service.import(season).await.unchanged, 3);
    }

    let of_2022 = service.tournament("LCK 2022").await.tournament_id;
    for teams in [service.teams("").await, service.teams(&of_2022).await] {
        let kwangdong = teams.iter().find(|team| team.code == "KDF").unwrap();
        let now = kwangdong.now.as_ref().unwrap();
        assert_eq!((now.code.as_str(), now.name_en.as_str()), ("DNF", "DN Freecs"));
        assert!(kwangdong.formerly.is_empty(), "its club tells them");
    }
    let teams = service.teams("").await;
    let club = teams.iter().find(|team| team.code == "DNF").unwrap();
    let former: Vec<_> =
        club.formerly.iter().map(|name| (name.code.as_str(), name.name_en.as_str())).collect();
    assert_eq!((former, &club.now), (vec![("AF", "Afreeca"), ("KDF", "Kwangdong")], &None));

    let of = async |team: &str| {
        let matches = service.all(ListMatchesRequest { team: team.into(), ..Default::default() }).await;
        let years = matches.iter().map(|m| m.tournament_name.trim_start_matches("LCK ").to_owned());
        years.collect::<Vec<_>>()
    };
    assert_eq!(of("dnf").await, ["2021", "2022", "2025"]);
    assert_eq!((of("KDF").await, of("AF").await), (vec!["2022".to_owned()], vec!["2021".to_owned()]));
    assert_eq!(code(service.matches().await[0].team2.as_ref()), "AF");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_former_code_is_of_one_club_and_an_empty_list_gives_it_back(pool: PgPool) {
    let service = Service::without_source(&pool).await;
    for season in renamed_clubs() {
        service.import(&season).await;
    }
    let formerly = async |code: &str, codes: &str| {
        let name = if code == "DNF" { "DN Freecs" } else { code };
        let line = team(code, name, &format!(r#", "formerly": [{codes}]"#));
        told(&service.import(&file(&[line], &[])).await, 2)
    };
    let refused = [
        ("T1", r#""AF""#, "AF is a former code of DNF already"),
        ("AF", r#""DNF""#, "AF is a former code of DNF"),
        ("T1", r#""SKT""#, "unknown team SKT"),
        ("T1", r#""T1""#, "T1 is the team's own code"),
    ];
    for (code, codes, why) in refused {
        assert_eq!(formerly(code, codes).await, format!("Refused: formerly: {why}"));
    }
    assert_eq!(formerly("DNF", "").await, "Changed: formerly: AF, KDF → none");
    assert!(service.teams("").await.iter().all(|team| team.formerly.is_empty() && team.now.is_none()));
    assert_eq!(formerly("DNF", r#""KDF", "AF""#).await, "Changed: formerly: KDF, AF");
    service.stop().await;
}
