//! Stages that a season file says, and the tables that come of them.

use loljoa_proto::league_schedule::v1::{
    GetStandingsRequest, GetStandingsResponse, ImportAction, ImportSeasonResponse, SeasonFormat,
    StageStandings,
};
use sqlx::PgPool;

use crate::harness::{PLAYOFFS, SEASON, SPRING, Service, code};

/// A season file about these tournaments, whose teams are known.
fn file(tournaments: &str, matches: &str) -> String {
    format!(
        "{{\"format\": \"loljoa-season/1\", \"tournaments\": [\n{tournaments}], \"matches\": [{matches}]}}"
    )
}

fn told(response: &ImportSeasonResponse) -> Vec<(ImportAction, &str)> {
    response.lines.iter().map(|line| (line.action(), line.message.as_str())).collect()
}

/// Each table as its group, with ranks and codes.
fn tables(stage: &StageStandings) -> Vec<String> {
    let line = |table: &loljoa_proto::league_schedule::v1::StandingsTable| {
        let lines = table.standings.iter().map(|line| format!("{}{}", line.rank, code(line.team.as_ref())));
        format!("{} {}", table.group, lines.collect::<Vec<_>>().join(" ")).trim().to_owned()
    };
    stage.tables.iter().map(line).collect()
}

impl Service {
    async fn stages(&self, tournament: &str) -> GetStandingsResponse {
        let tournament_id = self.tournament(tournament).await.tournament_id;
        self.league.clone().get_standings(GetStandingsRequest { tournament_id }).await.unwrap().into_inner()
    }
}

const GROUPS: &str = r#"{"name": "LCK 2022 Spring", "stages": [
    {"name": "First Half", "kind": "roundRobin", "blocks": ["Week 1-5"]},
    {"name": "Second Half", "kind": "groups", "blocks": ["Week 6-9"], "carries": [{"stage": "First Half"}], "groups": [
        {"name": "Legend", "teams": ["T1", "GEN", "DK", "DRX", "KDF"]},
        {"name": "Rise", "teams": ["BRO", "KT", "LSB", "NS", "HLE"]}]}]}"#;

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn without_stages_they_are_read_off_the_blocks(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let spring = service.stages(SPRING).await;
    assert_eq!(spring.stages.len(), 1, "tiebreakers are no stage");
    assert_eq!(spring.stages[0].tables[0].standings, spring.standings);
    let playoffs = service.stages(PLAYOFFS).await;
    let [bracket] = &playoffs.stages[..] else { panic!("{playoffs:?}") };
    assert_eq!(code(bracket.champion.as_ref()), "T1");
    assert_eq!(tables(bracket), ["1T1 2GEN 3DK 3KDF 5DRX 5BRO"]);
    let rounds: Vec<_> =
        bracket.rounds.iter().map(|round| (round.name.as_str(), round.matches.len())).collect();
    assert_eq!(rounds, [("Playoffs Round 1", 2), ("Playoffs Semifinals", 2), ("Playoffs Final", 1)]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_file_says_stages_once_and_a_later_one_says_others(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let before = service.stages(SPRING).await;
    let dry = service.import_as(SeasonFormat::Json, file(GROUPS, "").as_bytes(), true).await.unwrap();
    assert_eq!(service.stages(SPRING).await, before, "a dry run changes nothing");
    let first = service.import(&file(GROUPS, "")).await;
    let rules = "by gameDifference, tiebreakerMatch, headToHead";
    let message = format!("First Half (roundRobin {rules}); Second Half (groups {rules})");
    assert_eq!(told(&first), [(ImportAction::Added, message.as_str())]);
    let again = service.import(&file(GROUPS, "")).await;
    assert_eq!(told(&again), [(ImportAction::Unchanged, "")]);
    let spring = service.stages(SPRING).await;
    assert_eq!(dry.standings[0].stages, spring.stages, "the dry run has told just this");
    assert_eq!(spring.stages[1].tables.iter().map(|table| table.standings.len()).collect::<Vec<_>>(), [5, 5]);
    let wins = |of: &str, response: &GetStandingsResponse| {
        let line = response.standings.iter().find(|line| code(line.team.as_ref()) == of).unwrap();
        (line.group.clone(), line.wins, line.losses)
    };
    assert_eq!(wins("T1", &spring), ("Legend".into(), 18, 0), "what came before counts");
    let (_, wins_before, losses_before) = wins("HLE", &before);
    assert_eq!(wins("HLE", &spring), ("Rise".into(), wins_before, losses_before));
    let other = GROUPS.replace("\"Legend\"", "\"Upper Half\"");
    assert_eq!(told(&service.import(&file(&other, "")).await)[0].0, ImportAction::Changed);
    assert_eq!(service.stages(SPRING).await.stages[1].tables[0].group, "Upper Half");
    // A file that says none leaves them.
    service.import(SEASON).await;
    assert_eq!(service.stages(SPRING).await.stages[1].tables[0].group, "Upper Half");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn results_of_another_tournament_count_where_a_stage_carries_them(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let cup = r#"{"name": "Cup", "stages": [{"name": "All", "kind": "roundRobin", "blocks": ["Week 1"],
        "carries": [{"tournament": "lck 2022 SPRING", "stage": "First Half"}]}]}"#;
    let game = r#"{"tournament": "Cup", "block": "Week 1", "date": "2022-04-20", "slot": 1, "bestOf": 3, "team1": "NS", "team2": "T1", "team1Wins": 2, "team2Wins": 0}"#;
    let unknown = cup.replace("lck 2022 SPRING", "LCK 2021 Spring");
    let refused = service.import(&file(&unknown, game)).await;
    assert_eq!(told(&refused)[1], (ImportAction::Refused, "carries: unknown tournament LCK 2021 Spring"));
    let both = file(&format!("{GROUPS},\n{cup}"), game);
    let dry = service.import_as(SeasonFormat::Json, both.as_bytes(), true).await.unwrap();
    let ahead = dry.standings.iter().find(|found| found.tournament == "Cup").unwrap();
    assert_eq!(tables(&ahead.stages[0]), ["1T1 2NS"], "the stage that it carries is of the same file");
    assert_eq!(ahead.stages[0].carries, ["LCK 2022 Spring, First Half"]);
    service.import(&both).await;
    let standings = service.stages("Cup").await;
    assert_eq!(tables(&standings.stages[0]), ["1T1 2NS"], "T1 has won more before");
    let other = cup.replace("First Half", "Third Half");
    let refused = service.import(&file(&other, "")).await;
    assert_eq!(told(&refused), [(ImportAction::Refused, "carries: LCK 2022 Spring has no stage Third Half")]);
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn stages_that_cannot_be_refuse_the_file(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let before = service.stages(SPRING).await;
    let stranger = GROUPS.replace("\"KDF\"", "\"AF\"");
    assert_eq!(
        told(&service.import(&file(&stranger, "")).await),
        [(ImportAction::Refused, "unknown team AF")]
    );
    let twice = service.import(&file(&format!("{GROUPS},\n{GROUPS}"), "")).await;
    assert_eq!(told(&twice)[1], (ImportAction::Refused, "the same tournament as line 2"));
    assert_eq!(service.stages(SPRING).await, before, "nothing of a refused file is taken");
    let empty = service.import("{\"format\": \"loljoa-season/1\"}").await;
    assert_eq!(
        told(&empty),
        [(ImportAction::Refused, "the file holds no teams, no matches and no tournaments")]
    );
    service.stop().await;
}
