//! More than there is room for.

use std::time::Duration;

use loljoa_loadtest::{
    bench::{self, Manner},
    lab::Lab,
    results::{Against, Found, Part, Run},
    scenario::Kind,
};

use crate::support::{briefly, options};

#[tokio::test]
async fn an_overload_comes_between_two_calms_of_a_rate_that_was_measured_before() {
    let run = run(Kind::Overload, 48).await;
    let Some(Found::Overload(overload)) = run.found else { panic!("{run:?}") };
    let rates: Vec<_> = run.parts.iter().map(|part| part.rate.unwrap() / overload.peak).collect();
    let expected = [1.0 / 3.0, 1.0 / 3.0, 3.0, 1.0 / 3.0, 1.0 / 3.0];
    assert!(rates.iter().zip(expected).all(|(rate, wanted)| (rate - wanted).abs() < 1e-9), "{rates:?}");
    assert!(overload.memory_before > 0 && overload.memory_most >= overload.memory_before, "{overload:?}");
    for part in &run.parts {
        assert!(part.accepted.count > 0 && part.fine.count == 0, "{part:?}");
        assert!(part.cores().unwrap().0 > 0.0 && part.memory_bytes["gateway"] > 0, "{part:?}");
    }
    let due: f64 = run.parts.iter().map(|part| part.rate.unwrap() * part.seconds).sum();
    let came: u64 = run.parts.iter().map(|part| part.sent + part.given_up).sum();
    assert!((f64::from(u32::try_from(came).unwrap()) - due).abs() <= 4.0, "{came} of {due}");
}

#[tokio::test]
async fn in_a_storm_some_log_in_and_some_bet_and_whoever_finds_no_room_is_told_when_to_come_again() {
    // An account lets 64 wait for their hash: of a hundred who come at once some find no room.
    let run = run(Kind::LoginStorm, 100).await;
    let [before, storm] = run.parts.as_slice() else { panic!("{run:?}") };
    assert!(before.accepted.count > 0 && storm.accepted.count > 0, "{run:?}");
    let none = |part: &Part| part.fine.count == 0 && part.refused.count == 0;
    assert!(none(before) && storm.fine.count > 0 && storm.refused.count > 0, "{run:?}");
    assert!(run.refused.contains_key("429 too_many_passwords"), "{run:?}");
    // Whoever is refused comes two seconds later, which is twice within the four of the storm.
    assert!(storm.refused.count <= 3 * 90, "{storm:?}");
}

async fn run(kind: Kind, connections: usize) -> Run {
    let mut lab = Lab::start(options(Against::Ours)).await.unwrap();
    let stack = lab.stack(Against::Ours, 1).await.unwrap();
    let (warm_up, length) = (Duration::from_secs(1), Duration::from_secs(6));
    let manner = Manner { warm_up, length, ..briefly() };
    let run = bench::one(&mut lab, &stack, kind, connections, &manner).await.unwrap();
    assert_eq!(run.failures(), Vec::<String>::new(), "{run:?}");
    stack.stop().await;
    lab.stop().await;
    run
}
