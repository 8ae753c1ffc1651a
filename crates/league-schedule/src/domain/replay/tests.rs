use proptest::prelude::*;

use super::*;

const MATCHES: usize = 96;

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
    }

    #[test]
    fn ticks_find_every_change_once_however_far_apart_they_are(
        timeline in timeline(), mut shares in prop::collection::vec(-500_i32..1_500, 2..20),
    ) {
        shares.sort_unstable();
        let ticks: Vec<_> = shares.iter().map(|share| time_in(&timeline, *share)).collect();
        let mut known = phases(&timeline, ticks[0]);
        for pair in ticks.windows(2) {
            for index in timeline.due(pair[0], pair[1]) {
                let phase = timeline.phase(index, pair[1]);
                prop_assert!(known[index] < phase);
                known[index] = phase;
            }
            prop_assert_eq!(&known, &phases(&timeline, pair[1]));
        }
    }

    #[test]
    fn it_is_finished_when_the_last_match_ends(timeline in timeline()) {
        let end = timeline.end(MATCHES - 1);
        prop_assert!(timeline.is_finished(end));
        prop_assert!(!timeline.is_finished(end - TimeDelta::milliseconds(1)));
    }
}
