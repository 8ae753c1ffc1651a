//! Which runs are made, in which order.

use crate::{results::Against, scenario::Kind};

/// What is waited for, and not asked request by request.
const NO_CONNECTIONS: usize = 0;

/// What a person wants measured.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is asked.
    pub scenarios: Vec<Kind>,
    /// By how many connections.
    pub connections: Vec<usize>,
    /// Of whom.
    pub against: Vec<Against>,
    /// With how many replicas.
    pub replicas: Vec<usize>,
}

/// All that is run on one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which system.
    pub against: Against,
    /// Replicas of betting.
    pub replicas: usize,
    /// Scenario and connections of each run.
    pub runs: Vec<(Kind, usize)>,
}

/// The stages that tell what is wanted, and nothing twice: the hot market at every number of connections, what is compared
/// with it at the middle one, the burst with the most. Replicas change nothing but the hot market, at the middle one.
///
/// What leaves millions of bets behind comes last, and each of it on a stack of its own: its bets would be in the way of others.
#[must_use]
pub fn stages(wanted: &Wanted) -> Vec<Stage> {
    let (large, small): (Vec<Kind>, Vec<Kind>) = wanted.scenarios.iter().partition(|kind| kind.is_large());
    let mut stages = of_scenarios(wanted, &small);
    for kind in large {
        stages.extend(of_scenarios(wanted, &[kind]));
    }
    stages
}

fn of_scenarios(wanted: &Wanted, scenarios: &[Kind]) -> Vec<Stage> {
    let mut stages = Vec::new();
    for replicas in &wanted.replicas {
        for against in &wanted.against {
            let runs = runs(wanted, scenarios, *against, *replicas);
            if !runs.is_empty() {
                stages.push(Stage { against: *against, replicas: *replicas, runs });
            }
        }
    }
    stages
}

fn runs(wanted: &Wanted, scenarios: &[Kind], against: Against, replicas: usize) -> Vec<(Kind, usize)> {
    let mut sorted = wanted.connections.clone();
    sorted.sort_unstable();
    let [least, most] = match sorted.as_slice() {
        [] => return Vec::new(),
        [only] => [*only, *only],
        [least, .., most] => [*least, *most],
    };
    let middle = sorted[(sorted.len() - 1) / 2];
    let has_single = wanted.replicas.contains(&1);
    let can = |kind: &&Kind| against == Against::Ours || kind.only_bets();
    let of = |kind: &Kind| -> Vec<usize> {
        match kind {
            Kind::HotMarket if replicas == 1 => wanted.connections.clone(),
            _ if replicas > 1 && has_single && *kind != Kind::HotMarket => Vec::new(),
            Kind::Burst => vec![most],
            Kind::Settle => vec![NO_CONNECTIONS],
            Kind::Stream => vec![least],
            _ => vec![middle],
        }
    };
    let kinds = scenarios.iter().filter(can);
    kinds.flat_map(|kind| of(kind).into_iter().map(|connections| (*kind, connections))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            scenarios: Kind::ALL.to_vec(),
            connections: vec![64, 256, 1_000],
            against: vec![Against::Ours, Against::Pessimistic],
            replicas: vec![1, 4],
        }
    }

    #[test]
    fn each_figure_is_measured_once_and_baselines_only_bet() {
        let (hot, middle) = (Kind::HotMarket, 256);
        let mut first = vec![
            (hot, 64),
            (hot, middle),
            (hot, 1_000),
            (Kind::HotAccount, middle),
            (Kind::Refusals, middle),
            (Kind::Season, middle),
            (Kind::Burst, 1_000),
            (Kind::Bare, middle),
        ];
        let stage = |against, replicas, runs| Stage { against, replicas, runs };
        let ours = stage(Against::Ours, 1, first.clone());
        first.retain(|(kind, _)| !matches!(kind, Kind::Season | Kind::Bare));
        let expected = [
            ours,
            stage(Against::Pessimistic, 1, first),
            stage(Against::Ours, 4, vec![(hot, middle)]),
            stage(Against::Pessimistic, 4, vec![(hot, middle)]),
            stage(Against::Ours, 1, vec![(Kind::Settle, 0)]),
            stage(Against::Ours, 1, vec![(Kind::Stream, 64)]),
            stage(Against::Ours, 1, vec![(Kind::Long, middle)]),
        ];
        assert_eq!(stages(&wanted()), expected);
    }

    #[test]
    fn whoever_wants_one_thing_gets_one_thing() {
        let one = Wanted {
            scenarios: vec![Kind::Refusals],
            connections: vec![8],
            against: vec![Against::Ours],
            replicas: vec![2],
        };
        let expected = Stage { against: Against::Ours, replicas: 2, runs: vec![(Kind::Refusals, 8)] };
        assert_eq!(stages(&one), [expected]);
    }
}
