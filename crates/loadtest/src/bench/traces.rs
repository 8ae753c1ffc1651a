//! What traces cost: the hot market with none kept, with one in a hundred, and with all, several times in turn, so that a machine that
//! becomes slower meanwhile is slower for all three.

use super::{Manner, add_counts, cost, load, told};
use crate::{
    console::complain,
    engine::{drive, view::Live},
    lab::{Lab, Stack},
    measure,
    results::{Audit, Found, Run, Traces, TracesLeg, title},
    scenario::Kind,
};

/// No trace, as many as in production, and all of them.
const SHARES: [Option<f64>; 3] = [None, Some(0.01), Some(1.0)];
const ROUNDS: usize = 3;

/// Starts a gateway and betting for each leg: account is the lab's, and has spans only for whoever calls with a trace that is kept.
pub(super) async fn run(
    lab: &mut Lab,
    stack: &Stack,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let mut run = Run { connections, rate: manner.rate, ..Run::of(Kind::Traces) };
    let mut audit = Audit { looked_at: String::new(), differences: Vec::new() };
    let mut legs = Vec::with_capacity(ROUNDS * SHARES.len());
    let as_before = lab.traced();
    for share in SHARES.into_iter().cycle().take(ROUNDS * SHARES.len()) {
        let spans = lab.spans();
        lab.trace(share);
        let own = lab.stack(stack.against(), stack.replicas()).await;
        lab.trace(as_before);
        let own = own?;
        let (mut leg, made, found) = leg(lab, &own, share, connections, manner).await?;
        own.stop().await;
        leg.spans = lab.spans() - spans;
        complain(format_args!("  {}: {:.0} bets/s", leg.told(), leg.accepted_per_second()));
        audit.looked_at = found.looked_at;
        audit.differences.extend(found.differences);
        add_counts(&mut run, &made);
        // The last leg that is as production has it speaks for the run.
        if share == as_before {
            run.latency = made.latency;
        }
        legs.push(leg);
    }
    run.audit = Some(audit);
    run.found = Some(Found::Traces(Traces { legs }));
    Ok(run)
}

async fn leg(
    lab: &mut Lab,
    stack: &Stack,
    share: Option<f64>,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<(TracesLeg, Run, Audit)> {
    let kind = Kind::Traces;
    let world = lab.world(stack, kind).await?;
    lab.settle_down().await?;
    let subject = lab.subject_of(stack)?;
    let load = load(kind, connections, manner);
    let title = title(kind, Some(stack.against()), connections, stack.replicas(), manner.rate);
    let live = Live::begin(&manner.view, title, &load)?;
    let look = async || subject.look().await;
    let (recorder, before, after) = drive(stack.gateways(), load, kind.of(world.clone()), live, look).await?;
    let made = told(kind, load, manner.rate, &recorder);
    let used = cost(&before, &after);
    let audit = lab.audit(stack, &world, recorder.accepted_in_all()).await?;
    let leg = TracesLeg {
        share,
        seconds: made.seconds,
        accepted: made.accepted,
        placed: recorder.accepted_in_all(),
        spans: 0,
        cpu_seconds: measure::of_system(&used.cpu_seconds),
        latency: made.latency,
    };
    Ok((leg, made, audit))
}
