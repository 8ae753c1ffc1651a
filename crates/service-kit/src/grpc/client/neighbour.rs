//! Another service: its replicas, and which of them is called.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use metrics::counter;
use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, body::Body, transport::Endpoint};
use tower::retry::budget::TpsBudget;

use super::{
    attempts::{self, Attempts},
    lost::{self, Lost},
    message::{Answer, Call, Mark, is_batch},
    pulse,
    replica::{Condition, Names, Replica},
};
use crate::grpc::deadline;

/// A replica, and who watches it.
pub(super) struct Member {
    replica: Arc<Replica>,
    _watch: AbortOnDropHandle<()>,
}

impl Member {
    pub(super) fn new(names: Names, endpoint: Endpoint, silence: Duration) -> Self {
        let replica = Arc::new(Replica::new(names, endpoint));
        let watch = tokio::spawn(pulse::watch(Arc::clone(&replica), silence));
        Self { replica, _watch: AbortOnDropHandle::new(watch) }
    }
}

/// The replicas by address. Under a mesh there is one, the name itself.
pub(super) type Members = HashMap<Option<SocketAddr>, Arc<Member>>;

/// Another service.
pub(super) struct Neighbour {
    pub(super) names: Names,
    pub(super) members: watch::Receiver<Members>,
    pub(super) budget: TpsBudget,
    /// Batches go where they meet.
    pub(super) together: bool,
}

impl Neighbour {
    pub(super) fn new(names: Names, members: watch::Receiver<Members>, together: bool) -> Self {
        Self { names, members, budget: attempts::budget(), together }
    }

    /// Makes a call, and once more where that does no harm and may help, until `until`.
    pub(super) async fn unary(
        &self,
        request: http::Request<Body>,
        mark: Mark,
        until: Instant,
    ) -> Result<Answer, Status> {
        let made = async {
            let call = Call::read(request).await?;
            let labels = (self.names.service, self.names.neighbour.as_str());
            let mut attempts = Attempts::new(&self.budget, mark, until, labels);
            loop {
                let outcome = self.ask(announced(call.request(), until)).await;
                match attempts.again(&outcome) {
                    Some(pause) => time::sleep(pause).await,
                    None => return outcome,
                }
            }
        };
        time::timeout_at(until, made).await.unwrap_or_else(|_| Err(lost::too_late()))
    }

    /// Makes a call whose answer has to begin until `until`.
    pub(super) async fn plain(
        &self,
        request: http::Request<Body>,
        until: Instant,
    ) -> Result<http::Response<Body>, Status> {
        let begun = time::timeout_at(until, self.stream(announced(request, until))).await;
        begun.unwrap_or_else(|_| Err(lost::too_late()))
    }

    /// Begins a call whose answer is a stream.
    pub(super) async fn stream(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        self.pick(false).await?.call(request).await
    }

    async fn ask(&self, request: http::Request<Body>) -> Result<Answer, Status> {
        let replica = self.pick(self.together && is_batch(&request)).await?;
        Answer::read(replica.call(request).await?).await
    }

    /// Of two that answer, the one with less to do; for a batch that is to meet others, the first that is not behind. Where none
    /// answers, one that may be there after all. Waits only until any address is known.
    async fn pick(&self, meets: bool) -> Result<Arc<Replica>, Status> {
        let mut members = self.members.clone();
        let known = members.wait_for(|members| !members.is_empty()).await;
        let known = known.map_err(|_| Lost::NotSent.status("its name is not resolved any more"))?;
        let of = |condition| {
            let some = known.values().map(|member| &member.replica);
            some.filter(|replica| replica.condition() == condition).cloned().collect::<Vec<_>>()
        };
        let meeting = meets.then(|| first_abreast(&known)).flatten();
        let picked = meeting
            .or_else(|| less_busy(&of(Condition::Answers)))
            .or_else(|| less_busy(&of(Condition::Refuses)));
        picked.ok_or_else(|| {
            let Names { service, neighbour } = &self.names;
            counter!("loljoa_neighbour_refusals_total", "service" => *service, "neighbour" => neighbour.clone())
                .increment(1);
            Lost::Hangs.status("")
        })
    }
}

fn announced(mut request: http::Request<Body>, until: Instant) -> http::Request<Body> {
    deadline::announce(request.headers_mut(), until.saturating_duration_since(Instant::now()));
    request
}

/// The first that answers, and answers batches in time. The order is the addresses', so that all callers have the same.
fn first_abreast(known: &Members) -> Option<Arc<Replica>> {
    let abreast = known.iter().filter(|(_, member)| {
        member.replica.condition() == Condition::Answers && !member.replica.is_behind()
    });
    abreast.min_by_key(|(address, _)| **address).map(|(_, member)| Arc::clone(&member.replica))
}

/// The less busy one of two that chance picks.
fn less_busy(replicas: &[Arc<Replica>]) -> Option<Arc<Replica>> {
    let one = replicas.get(rand::random_range(0..replicas.len().max(1)))?;
    let other = &replicas[rand::random_range(0..replicas.len())];
    let (one_has, other_has) = (one.in_flight(), other.in_flight());
    Some(Arc::clone(if one_has <= other_has { one } else { other }))
}
