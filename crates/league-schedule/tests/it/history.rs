//! The bundled season comes out as history has it.

use loljoa_proto::league_schedule::v1::{ListMatchesRequest, MatchState, Source};
use sqlx::PgPool;

use crate::harness::{PLAYOFFS, SPRING, Service, code, starts_at};

/// Rank, team, wins, losses, games won and lost: counted from the facts, without this code.
const TABLE: [(i32, &str, i32, i32, i32, i32); 10] = [
    (1, "T1", 18, 0, 36, 7),
    (2, "GEN", 15, 3, 30, 12),
    (3, "DK", 11, 7, 27, 15),
    (4, "DRX", 11, 7, 22, 19),
    (5, "KDF", 8, 10, 19, 22),
    (6, "BRO", 8, 10, 21, 24),
    (7, "KT", 7, 11, 19, 24),
    (8, "NS", 5, 13, 16, 29),
    (9, "LSB", 4, 14, 11, 30),
    (10, "HLE", 3, 15, 12, 31),
];

const PLAYOFF_TABLE: [(i32, &str, i32, i32, i32, i32); 6] = [
    (1, "T1", 2, 0, 6, 1),
    (2, "GEN", 1, 1, 4, 5),
    (3, "DK", 1, 1, 5, 3),
    (3, "KDF", 1, 1, 3, 5),
    (5, "DRX", 0, 1, 2, 3),
    (5, "BRO", 0, 1, 0, 3),
];

async fn assert_table(service: &Service, tournament: &str, expected: &[(i32, &str, i32, i32, i32, i32)]) {
    let id = service.tournament(tournament).await.tournament_id;
    let table = service.standings(&id).await.unwrap();
    let lines = table.iter().map(|line| {
        assert_eq!(line.game_difference, line.game_wins - line.game_losses);
        (line.rank, code(line.team.as_ref()), line.wins, line.losses, line.game_wins, line.game_losses)
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_standings_of_the_bundled_season_are_those_of_history(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    assert_table(&service, SPRING, &TABLE).await;
    assert_table(&service, PLAYOFFS, &PLAYOFF_TABLE).await;
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn the_bundled_season_has_96_matches_at_the_assumed_times(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let spring = service.tournament(SPRING).await;
    let playoffs = service.tournament(PLAYOFFS).await;
    assert_eq!((spring.matches, playoffs.matches), (91, 5));
    assert_eq!(spring.source(), Source::File);

    let matches = service.matches().await;
    assert_eq!(matches.len(), 96);
    assert_eq!(starts_at(&matches[0]).to_rfc3339(), "2022-01-12T08:00:00+00:00");
    assert_eq!(starts_at(&matches[1]).to_rfc3339(), "2022-01-12T11:00:00+00:00");
    let tiebreaker = matches.iter().find(|m| m.block == "Tiebreakers").unwrap();
    assert_eq!(starts_at(tiebreaker).to_rfc3339(), "2022-03-20T12:30:00+00:00");
    let last = matches.last().unwrap();
    assert_eq!((last.block.as_str(), last.team1_wins, last.team2_wins), ("Playoffs Final", 1, 3));
    assert_eq!(last.winner_id, last.team2.as_ref().unwrap().team_id);
    assert_eq!(code(last.team2.as_ref()), "T1");
    service.stop().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn one_match_of_the_bundled_season_was_forfeited(pool: PgPool) {
    let service = Service::with_season(&pool).await;
    let forfeited = ListMatchesRequest { state: MatchState::Forfeited.into(), ..Default::default() };
    let forfeited = service.all(forfeited).await;
    let [forfeit] = forfeited.as_slice() else { panic!("{forfeited:?}") };
    assert_eq!((code(forfeit.team1.as_ref()), code(forfeit.team2.as_ref())), ("GEN", "BRO"));
    assert_eq!(forfeit.forfeited_by_id, forfeit.team2.as_ref().unwrap().team_id);
    assert_eq!(forfeit.winner_id, forfeit.team1.as_ref().unwrap().team_id);
    service.stop().await;
}
