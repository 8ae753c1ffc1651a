//! Which runs are made, in which order.

use crate::{
    results::{Against, Replicas},
    scenario::{Kind, overload::CROWD},
};

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
    /// With how many replicas of betting.
    pub replicas: Vec<usize>,
    /// With how many of the gateway.
    pub gateways: Vec<usize>,
    /// With how many of account.
    pub accounts: Vec<usize>,
    /// Whether of old designs only that is measured which ours are compared with: it takes half the time.
    pub is_brief: bool,
}

/// All that is run on one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which system.
    pub against: Against,
    /// With how many replicas of what.
    pub replicas: Replicas,
    /// Scenario and connections of each run.
    pub runs: Vec<(Kind, usize)>,
}

/// The stages that tell what is wanted, and nothing twice: the hot market at every number of connections, what is compared
/// with it at the middle one, the burst with the most, an overload with more. Replicas change nothing but the hot market, at the
/// middle one; those of one service are measured with the fewest of all others. An old design never calls account. In brief
/// `pessimistic` stands for the old designs, and `single-statement` is measured on the hot market and with one replica.
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
    for replicas in replicas(wanted) {
        for against in &wanted.against {
            let runs = runs(wanted, scenarios, *against, replicas);
            if !runs.is_empty() {
                stages.push(Stage { against: *against, replicas, runs });
            }
        }
    }
    stages
}

fn fewest(counts: &[usize]) -> usize {
    counts.iter().copied().min().unwrap_or(1)
}

/// The fewest of everything, as they are otherwise.
fn base(wanted: &Wanted) -> Replicas {
    let Wanted { replicas, gateways, accounts, .. } = wanted;
    Replicas { betting: fewest(replicas), gateway: fewest(gateways), account: fewest(accounts), cells: 1 }
}

fn replicas(wanted: &Wanted) -> Vec<Replicas> {
    let base = base(wanted);
    let betting = wanted.replicas.iter().map(|count| Replicas { betting: *count, ..base });
    let gateway = wanted.gateways.iter().map(|count| Replicas { gateway: *count, ..base });
    let account = wanted.accounts.iter().map(|count| Replicas { account: *count, ..base });
    let mut all = vec![base];
    for one in betting.chain(gateway).chain(account) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// Whether ours are compared with these replicas of a system.
fn is_compared(against: Against, replicas: Replicas, base: Replicas) -> bool {
    match against {
        Against::Ours => true,
        Against::Pessimistic => replicas.gateway == base.gateway,
        Against::SingleStatement => replicas == base,
    }
}

fn runs(wanted: &Wanted, scenarios: &[Kind], against: Against, replicas: Replicas) -> Vec<(Kind, usize)> {
    let base = base(wanted);
    if against != Against::Ours && replicas.account != base.account {
        return Vec::new();
    }
    if wanted.is_brief && !is_compared(against, replicas, base) {
        return Vec::new();
    }
    let mut sorted = wanted.connections.clone();
    sorted.sort_unstable();
    let [least, most] = match sorted.as_slice() {
        [] => return Vec::new(),
        [only] => [*only, *only],
        [least, .., most] => [*least, *most],
    };
    let middle = sorted[(sorted.len() - 1) / 2];
    let can = |kind: &&Kind| match against {
        Against::Ours => true,
        _ if !wanted.is_brief => kind.only_bets(),
        Against::Pessimistic => matches!(kind, Kind::HotMarket | Kind::HotAccount | Kind::Burst),
        Against::SingleStatement => **kind == Kind::HotMarket,
    };
    let of = |kind: &Kind| -> Vec<usize> {
        match kind {
            Kind::HotMarket if replicas == base => wanted.connections.clone(),
            _ if replicas != base && *kind != Kind::HotMarket => Vec::new(),
            Kind::Burst => vec![most],
            Kind::Overload => vec![most * CROWD],
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
    use crate::results::Service;

    fn wanted() -> Wanted {
        Wanted {
            scenarios: Kind::ALL.to_vec(),
            connections: vec![64, 256, 1_000],
            against: vec![Against::Ours, Against::Pessimistic],
            replicas: vec![1, 4],
            gateways: vec![1, 2],
            accounts: vec![1, 2],
            is_brief: false,
        }
    }

    #[test]
    fn in_brief_old_designs_are_measured_where_ours_are_compared_with_them() {
        let wanted = Wanted { against: Against::ALL.to_vec(), is_brief: true, ..wanted() };
        let of = |wanted_design| {
            let stages = stages(&wanted).into_iter().filter(move |stage| stage.against == wanted_design);
            stages.map(|stage| (stage.replicas, stage.runs)).collect::<Vec<_>>()
        };
        let (hot, middle) = (Kind::HotMarket, 256);
        let base = vec![(hot, 64), (hot, middle), (hot, 1_000)];
        assert_eq!(of(Against::SingleStatement), [(Replicas::ONE, base.clone())]);
        let pessimistic = [base, vec![(Kind::HotAccount, middle), (Kind::Burst, 1_000)]].concat();
        let four = (Replicas::only(Service::Betting, 4), vec![(hot, middle)]);
        assert_eq!(of(Against::Pessimistic), [(Replicas::ONE, pessimistic), four]);
        assert_eq!(of(Against::Ours).len(), 7);
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
            (Kind::Markets, middle),
            (Kind::Season, middle),
            (Kind::Burst, 1_000),
            (Kind::Bare, middle),
            (Kind::Overload, 8_000),
            (Kind::LoginStorm, middle),
            (Kind::Traces, middle),
        ];
        let stage = |against, replicas, runs| Stage { against, replicas, runs };
        let ours = stage(Against::Ours, Replicas::ONE, first.clone());
        first.retain(|(kind, _)| kind.only_bets());
        let expected = [
            ours,
            stage(Against::Pessimistic, Replicas::ONE, first),
            stage(Against::Ours, Replicas::only(Service::Betting, 4), vec![(hot, middle)]),
            stage(Against::Pessimistic, Replicas::only(Service::Betting, 4), vec![(hot, middle)]),
            stage(Against::Ours, Replicas::only(Service::Gateway, 2), vec![(hot, middle)]),
            stage(Against::Pessimistic, Replicas::only(Service::Gateway, 2), vec![(hot, middle)]),
            stage(Against::Ours, Replicas::only(Service::Account, 2), vec![(hot, middle)]),
            stage(Against::Ours, Replicas::ONE, vec![(Kind::Settle, 0)]),
            stage(Against::Ours, Replicas::ONE, vec![(Kind::Stream, 64)]),
            stage(Against::Ours, Replicas::ONE, vec![(Kind::Long, middle)]),
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
            gateways: vec![1],
            accounts: vec![3],
            is_brief: false,
        };
        let replicas = Replicas { betting: 2, gateway: 1, account: 3, cells: 1 };
        let expected = Stage { against: Against::Ours, replicas, runs: vec![(Kind::Refusals, 8)] };
        assert_eq!(stages(&one), [expected]);
    }
}
