use proptest::prelude::*;

use super::*;
use crate::domain::{Team, Tournament};

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_377_600 + minutes * 60, 0).unwrap()
}

fn announced() -> Match {
    let tournament = Tournament::id_of("LCK 2026");
    Match::new(tournament, "1".into(), "Week 1".into(), time(0), BestOf::new(3).unwrap())
}

fn team() -> impl Strategy<Value = Option<TeamId>> {
    prop_oneof![Just(None), Just(Some("T1")), Just(Some("GEN")), Just(Some("DK"))]
        .prop_map(|code| code.map(Team::id_of))
}

fn verdict() -> impl Strategy<Value = Option<Verdict>> {
    prop_oneof![Just(None), Just(Some(Verdict::Win)), Just(Some(Verdict::Loss))]
}

fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![Just(Stage::Unstarted), Just(Stage::InProgress), Just(Stage::Completed)]
}

prop_compose! {
    /// Anything that a feed can say, sense or nonsense.
    fn observation()(
        start in 0_i64..3,
        best_of in prop_oneof![Just(1), Just(3), Just(5)],
        teams in [team(), team()],
        stage in stage(),
        verdicts in [verdict(), verdict()],
        wins in [prop_oneof![-1_i64..5, any::<i64>()], prop_oneof![-1_i64..5, any::<i64>()]],
    ) -> Observation {
        Observation {
            block: "Week 1".into(),
            starts_at: time(start),
            best_of: BestOf::new(best_of).unwrap(),
            teams,
            stage,
            verdicts,
            wins,
        }
    }
}

/// What the database demands of a match.
fn assert_possible(m: &Match) {
    let score = m.score();
    let needed = m.best_of.wins_needed();
    assert!((0..=needed).contains(&score.team1) && (0..=needed).contains(&score.team2), "{m:?}");
    assert!(score.team1 + score.team2 <= m.best_of.games(), "{m:?}");
    assert!(m.team1_id.is_none() || m.team1_id != m.team2_id, "{m:?}");
    let winner = m.winner_id.map(|team| m.side_of(team).expect("the winner plays"));
    assert_eq!(winner, score.winner(m.best_of).ok(), "{m:?}");
    assert_eq!(winner.is_some(), m.is_decided(), "{m:?}");
}

proptest! {
    #[test]
    fn whatever_the_feed_says_the_match_stays_possible(
        observations in prop::collection::vec(observation(), 1..12),
    ) {
        let mut present = announced();
        for observation in &observations {
            present = observation.applied_to(&present);
            assert_possible(&present);
        }
    }

    #[test]
    fn hearing_the_same_twice_changes_nothing(
        before in observation(), observation in observation(),
    ) {
        let once = observation.applied_to(&before.applied_to(&announced()));
        prop_assert_eq!(observation.applied_to(&once), once);
    }

    #[test]
    fn a_decision_by_hand_is_not_touched(observation in observation()) {
        let teams = Match {
            team1_id: Some(Team::id_of("T1")),
            team2_id: Some(Team::id_of("GEN")),
            ..announced()
        };
        let score = Score { team1: 2, team2: 0 };
        let by_hand = teams.decided(Outcome { score, forfeited_by: None }).unwrap().by_hand_since(&teams);
        prop_assert_eq!(observation.applied_to(&by_hand), by_hand);
    }
}
