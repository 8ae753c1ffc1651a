//! Every order in which things can happen.

use std::collections::BTreeSet;

use loljoa_model::{Defect, promises::PROMISES, search, worlds};

#[test]
fn every_promise_holds_in_every_state_that_can_be_reached() {
    for (name, world) in worlds::ALL {
        let explored = search::explore(world);
        assert!(explored.broken.is_empty(), "{name}: {:?}", explored.broken);
        assert!(explored.states > 10_000, "{name}: {} states are too few to show anything", explored.states);
    }
}

#[test]
fn each_rule_that_is_left_out_breaks_a_promise_and_each_promise_can_be_broken() {
    let found = Defect::ALL.map(|defect| (defect, search::find(defect)));
    let unfound: Vec<_> =
        found.iter().filter(|(_, found)| found.is_none()).map(|(defect, _)| defect).collect();
    assert!(unfound.is_empty(), "nobody notices {unfound:?}");
    let broken: BTreeSet<_> =
        found.iter().filter_map(|(_, found)| found.map(|found| found.promise)).collect();
    let unbroken: Vec<_> =
        PROMISES.iter().map(|(name, _)| name).filter(|name| !broken.contains(*name)).collect();
    assert!(unbroken.is_empty(), "a promise that nothing breaks may as well not be looked at: {unbroken:?}");
}
