//! `loljoa admin suspects` and `loljoa admin remove`.

use std::{fs, process::Output};

use serde_json::Value;

use crate::support::{Place, refusal};

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_double_is_suspect_until_one_is_removed_in_favour_of_the_other() {
    let place = Place::new();
    let up = place.up(&[]);
    up.log_in_as_admin().await;
    let admin = |arguments: &[&str]| place.command(&[&["admin"], arguments].concat()).output().unwrap();
    let import = |slot: u8| {
        let header = "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note";
        let file = place.data_dir().with_file_name("cup.csv");
        fs::write(&file, format!("{header}\nCup,Week 1,2090-01-12,{slot},3,T1,GEN,,,\n")).unwrap();
        place.command(&["import"]).arg(file).output().unwrap()
    };
    // The bundled season, which has the teams, is brought in in the background.
    while !String::from_utf8(import(1).stdout).unwrap().starts_with("line 2: added") {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(said(&admin(&["suspects"])), "Nothing is suspect.\n");
    assert!(said(&import(3)).contains("1 odd"));
    let matches = up.get("/api/league/matches?state=scheduled").await;
    let id = |place: usize| matches["items"][place]["matchId"].as_str().unwrap().to_owned();
    let (right, wrong) = (id(0), id(1));
    for match_id in [&right, &wrong] {
        let markets = format!("/api/betting/markets?matchId={match_id}");
        while up.get(&markets).await["items"].as_array().is_none_or(|markets| markets.len() < 3) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    let told = said(&admin(&["suspects"]));
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].starts_with("what") && lines[0].ends_with("markets  staked"), "{told}");
    assert!(lines[1].starts_with(&format!("the same pair twice  {right}  T1 0–0 GEN: scheduled")), "{told}");
    assert!(lines[2].trim_start().starts_with(&wrong) && lines[2].ends_with("3        0"), "{told}");
    assert!(lines[3].contains(": remove T1–GEN, slot 3 of 2090-01-12 in favour of T1–GEN, slot 1"), "{told}");

    for (fan, points) in [("chovy", 400), ("keria", 500)] {
        up.bet_on_winner(fan, &right, points).await;
    }
    let told = said(&admin(&["suspects"]));
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[1].ends_with("3        900") && lines[2].ends_with("3        0"), "{told}");
    let whose = [
        format!("{right}: T1–GEN: who wins the match?: 900 points"),
        "  staked by keria (500), chovy (400)".to_owned(),
    ];
    assert_eq!(lines[4..], whose, "{told}");
    let staked = admin(&["remove", &right]);
    assert_eq!(String::from_utf8(staked.stdout.clone()).unwrap().lines().collect::<Vec<_>>(), whose);
    assert_eq!(refusal(&staked), (Some(1), "loljoa: 900 points are staked on the match".to_owned()));

    let blind = admin(&["remove", &wrong, "--grpc", "http://127.0.0.1:9", "--token", "x"]);
    let (code, line) = refusal(&blind);
    assert_eq!(code, Some(1));
    assert!(line.ends_with("--betting-grpc names its address"), "{line}");
    let removed = said(&admin(&["remove", &wrong, "--in-favour-of", &right]));
    assert_eq!(removed, "The match is removed.\nIt stays: T1 0–0 GEN: scheduled\n");
    assert_eq!(said(&admin(&["suspects"])), "Nothing is suspect.\n");
    let matches: Value = up.get("/api/league/matches?state=scheduled").await;
    assert_eq!(matches["items"].as_array().unwrap().len(), 1);
    up.stop();
}
