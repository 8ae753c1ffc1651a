use proptest::prelude::*;

use super::*;

const MATCHES: usize = 96;
const GAMES: usize = 3;

prop_compose! {
    fn timeline()(
        interval in 10_i64..100_000,
        share in 1_i64..=100,
        first in 0..MATCHES,
    ) -> Timeline {
        Timeline {
            epoch: DateTime::from_timestamp_millis(1_900_000_000_000).unwrap(),
            interval: TimeDelta::milliseconds(interval),
            duration: TimeDelta::milliseconds((interval * share / 100).max(1)),
            first,
            matches: MATCHES,
        }
    }
}

/// A time somewhere around the replay, `share` thousandths of the way through it.
fn time_in(timeline: &Timeline, share: i32) -> DateTime<Utc> {
    let whole = timeline.end(MATCHES - 1) - timeline.epoch;
    timeline.epoch + whole * share / 1_000
}

fn phases(timeline: &Timeline, now: DateTime<Utc>) -> Vec<Phase> {
    (0..MATCHES).map(|index| timeline.phase(index, now)).collect()
}

fn games_over(timeline: &Timeline, now: DateTime<Utc>) -> Vec<usize> {
    (0..MATCHES).map(|index| timeline.games_over(index, GAMES, now)).collect()
}

proptest! {
    #[test]
    fn matches_keep_their_order_and_do_not_overlap(timeline in timeline()) {
        for index in 1..MATCHES {
            prop_assert!(timeline.start(index - 1) < timeline.start(index));
            prop_assert!(timeline.end(index - 1) <= timeline.start(index));
        }
    }

    #[test]
    fn what_comes_before_the_first_match_is_over(timeline in timeline(), share in -500_i32..1_500) {
        let now = time_in(&timeline, share);
        for index in 0..timeline.first {
            prop_assert_eq!(timeline.phase(index, now), Phase::Over);
        }
    }

    #[test]
    fn a_pause_moves_everything_by_exactly_the_gap(
        timeline in timeline(), share in -500_i32..1_500, gap in 0_i64..10_000_000,
    ) {
        let gap = TimeDelta::milliseconds(gap);
        let then = time_in(&timeline, share);
        let resumed = timeline.paused_for(gap);
        for index in 0..MATCHES {
            prop_assert_eq!(resumed.start(index) - timeline.start(index), gap);
        }
        prop_assert_eq!(phases(&resumed, then + gap), phases(&timeline, then));
        prop_assert_eq!(games_over(&resumed, then + gap), games_over(&timeline, then));
    }

    #[test]
    fn ticks_find_every_change_once_however_far_apart_they_are(
        timeline in timeline(), mut shares in prop::collection::vec(-500_i32..1_500, 2..20),
    ) {
        shares.sort_unstable();
        let ticks: Vec<_> = shares.iter().map(|share| time_in(&timeline, *share)).collect();
        let mut known = phases(&timeline, ticks[0]);
        let mut over = games_over(&timeline, ticks[0]);
        for pair in ticks.windows(2) {
            for index in timeline.due(pair[0], pair[1], |_| GAMES) {
                let now = (timeline.phase(index, pair[1]), timeline.games_over(index, GAMES, pair[1]));
                prop_assert!((known[index], over[index]) < now);
                (known[index], over[index]) = now;
            }
            prop_assert_eq!(&known, &phases(&timeline, pair[1]));
            prop_assert_eq!(&over, &games_over(&timeline, pair[1]));
        }
    }

    #[test]
    fn games_are_equally_long_and_the_last_ends_with_the_match(
        timeline in timeline(), games in 1_usize..6, index in 0..MATCHES, share in 0_i32..1_000,
    ) {
        let index = index.max(timeline.first);
        let now = timeline.start(index) + timeline.duration * share / 1_000;
        let over = timeline.games_over(index, games, now);
        prop_assert!(over < games, "{over} of {games} are over before the end");
        // Times are whole microseconds, so that a game may seem to end just after its time.
        let exact = usize::try_from(share).unwrap() * games / 1_000;
        prop_assert!(over <= exact && exact <= over + 1, "{over} for {exact}");
        prop_assert_eq!(timeline.games_over(index, games, timeline.end(index)), games);
        prop_assert_eq!(timeline.games_over(index, games, timeline.start(index) - TimeDelta::milliseconds(1)), 0);
    }

    #[test]
    fn it_is_finished_when_the_last_match_ends(timeline in timeline()) {
        let end = timeline.end(MATCHES - 1);
        prop_assert!(timeline.is_finished(end));
        prop_assert!(!timeline.is_finished(end - TimeDelta::milliseconds(1)));
    }
}
