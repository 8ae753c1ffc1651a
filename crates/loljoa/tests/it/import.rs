//! `loljoa import` and `loljoa admin` reach the services of a running `loljoa up`.

use std::{fs, path::Path, process::Output};

use crate::support::{Place, refusal};

const SEASON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../league-schedule/data/lck-2022-spring.json");

fn import(place: &Place, file: &Path, options: &[&str]) -> Output {
    place.command(&["import"]).args(options).arg(file).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_season_is_reported_line_by_line_and_a_truncated_one_refused() {
    let place = Place::new();
    let up = place.up(&[]);
    // The admin, as whom it is brought in, is made in the background.
    up.log_in_as_admin().await;
    let whole = import(&place, Path::new(SEASON), &["--dry-run"]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    assert!(said(&whole).ends_with(" 0 refused. Nothing was changed: this was a dry run.\n"), "{whole:?}");

    let season = fs::read(SEASON).unwrap();
    let file = place.data_dir().with_file_name("truncated.json");
    fs::write(&file, &season[..season.len() / 2]).unwrap();
    let truncated = import(&place, &file, &[]);
    assert_eq!(truncated.status.code(), Some(1), "{truncated:?}");
    let report = said(&truncated);
    assert!(report.starts_with("line ") && report.contains(": refused, "), "{report}");
    assert!(report.ends_with("Nothing was changed: one refused line refuses the whole file.\n"), "{report}");
    up.stop();
}

#[tokio::test]
async fn a_dry_run_tells_what_becomes_of_markets_and_what_is_odd() {
    let place = Place::new();
    let up = place.up(&[]);
    up.log_in_as_admin().await;
    let table = |best_of: u8, slot: u8| {
        let header = "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note";
        let file = place.data_dir().with_file_name("cup.csv");
        fs::write(&file, format!("{header}\nCup,1주차,2090-01-12,{slot},{best_of},T1,GEN,,,\n")).unwrap();
        file
    };
    // The bundled season, which has the teams, is brought in in the background.
    while !said(&import(&place, &table(3, 1), &[])).starts_with("line 2: added") {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let match_id = up.get("/api/league/matches?state=scheduled").await["items"][0]["matchId"].clone();
    let markets = format!("/api/betting/markets?matchId={}", match_id.as_str().unwrap());
    while up.get(&markets).await["items"].as_array().is_none_or(|markets| markets.len() < 3) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let longer = said(&import(&place, &table(5, 1), &["--dry-run"]));
    assert!(longer.starts_with("line 2: changed, T1–GEN 2090-01-12, best of: 3 → 5\n"), "{longer}");
    for ending in [": is withdrawn\n", ": opens\n"] {
        assert_eq!(longer.matches(ending).count(), 2, "{longer}");
    }
    assert!(longer.ends_with("0 refused. Nothing was changed: this was a dry run.\n"), "{longer}");
    up.bet_on_winner("faker", match_id.as_str().unwrap(), 300).await;
    let other = table(3, 1);
    fs::write(&other, fs::read_to_string(&other).unwrap().replace("GEN", "DK")).unwrap();
    let other = said(&import(&place, &other, &["--dry-run"]));
    let whose =
        "T1–GEN: who wins the match?: is withdrawn; 300 of 300 points go back\n  staked by faker (300)\n";
    assert!(other.contains(whose) && other.matches("staked by").count() == 1, "{other}");
    let twice = said(&import(&place, &table(3, 2), &["--dry-run"]));
    assert!(twice.contains("odd: the same teams play T1–GEN, slot 1 of 2090-01-12, too\n"), "{twice}");
    assert!(twice.contains("1 added, 0 changed, 0 unchanged, 0 refused, 1 odd."), "{twice}");

    let large = place.data_dir().with_file_name("large.csv");
    fs::write(&large, vec![b'x'; 3 * 1024 * 1024]).unwrap();
    let (code, line) = refusal(&import(&place, &large, &[]));
    assert_eq!(code, Some(1));
    assert!(line.ends_with("large.csv: 3145728 bytes, and a season may have 1048576 (1 MiB)"), "{line}");
    up.stop();
}

#[tokio::test]
async fn an_admin_records_a_result_and_is_told_why_another_cannot_be() {
    let place = Place::new();
    let up = place.up(&[]);
    up.log_in_as_admin().await;
    // The season is brought in at the start, in the background.
    let mut matches = up.get("/api/league/matches").await;
    while matches["items"].as_array().is_none_or(Vec::is_empty) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        matches = up.get("/api/league/matches").await;
    }
    let first = &matches["items"][0];
    let [id, team1, team2] = [&first["matchId"], &first["team1"]["code"], &first["team2"]["code"]]
        .map(|text| text.as_str().unwrap());
    let result =
        |wins: [&str; 2]| place.command(&["admin", "result", id, wins[0], wins[1]]).output().unwrap();

    assert_eq!(said(&result(["2", "1"])), format!("{team1} 2–1 {team2}: completed\n"));
    let impossible = refusal(&result(["2", "2"]));
    assert_eq!(impossible, (Some(1), "loljoa: team1Wins: the score goes beyond the best of".to_owned()));
    let with_token = |token: &str| {
        let mut command = place.command(&["admin", "result", id, "2", "1"]);
        refusal(&command.env("LOLJOA_TOKEN", token).output().unwrap())
    };
    assert_eq!(with_token("x.y.z"), (Some(1), "loljoa: the access token is not valid".to_owned()));
    // Neither what was done nor what was refused leaves a session behind: one is for the test's own asking, one of before.
    assert_eq!(up.open_sessions_of_admin().await, 2);
    up.stop();
}

#[test]
fn without_a_running_system_it_says_so() {
    let place = Place::new();
    loljoa::data_dir::DataDir::open_or_make(&place.data_dir()).unwrap();
    let (code, line) = refusal(&import(&place, Path::new(SEASON), &[]));
    assert_eq!(code, Some(1));
    assert!(line.starts_with("loljoa: `loljoa up` does not run, or not yet: "), "{line}");
}
