//! Autoscalers of a release: what is patched for a run, and what they make of it.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time;

use super::{Manner, Wishes};
use crate::{
    cluster::{Cluster, kubectl},
    timeline::Timeline,
    undo::{Action, Undo},
};

/// The services whose autoscalers are patched: those that have a queue of bets.
pub(super) const SERVICES: [&str; 2] = ["gateway", "betting"];
const KIND: &str = "horizontalpodautoscalers.autoscaling";
/// How bets that wait are called in the custom metrics API.
const WAITING: &str = "loljoa_bet_queue_depth";
/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// So many looks may fail: the API server has to share the machine with the burst.
const FAILURES: u32 = 20;
/// How long a release may take to be at rest.
const PATIENCE: Duration = Duration::from_mins(8);

/// Pods of one service at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    /// What the autoscaler wants.
    pub(super) wanted: u32,
    /// What is there, and paid for.
    pub(super) there: u32,
    /// What is among the endpoints.
    pub(super) ready: u32,
}

/// Pods of all of [`SERVICES`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    /// When, since the experiment began. Seconds.
    pub(super) at: f64,
    /// In their order.
    pub(super) counts: [Count; SERVICES.len()],
}

impl Look {
    /// Over all services.
    #[must_use]
    pub(super) fn sum(&self, of: fn(&Count) -> u32) -> u32 {
        self.counts.iter().map(of).sum()
    }
}

/// The autoscalers of [`SERVICES`], as they were found.
pub(super) struct Autoscalers<'a> {
    cluster: &'a Cluster,
    found: Vec<Value>,
}

impl<'a> Autoscalers<'a> {
    /// Reads them, and notes how they are put back.
    ///
    /// # Errors
    ///
    /// When the release has none.
    pub(super) async fn find(cluster: &'a Cluster, undo: &Undo) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        for service in SERVICES {
            let spec = spec(cluster, service)
                .await
                .context("the release scales by nobody's hand (autoscaling.enabled)")?;
            let arguments = replaces(cluster, service, &spec);
            undo.before(&format!("the autoscaler of {service}"), Action::Kubectl { arguments })?;
            found.push(spec);
        }
        Ok(Self { cluster, found })
    }

    /// Patches them for a run, and tells each service's floor.
    ///
    /// # Errors
    ///
    /// When they cannot be patched.
    pub(super) async fn patch(
        &self,
        manner: Manner,
        wishes: &Wishes,
    ) -> anyhow::Result<[u32; SERVICES.len()]> {
        let mut floors = [0; SERVICES.len()];
        for ((service, found), floor) in SERVICES.into_iter().zip(&self.found).zip(&mut floors) {
            let patched = patched(found, manner, wishes);
            *floor = number(&patched["minReplicas"]);
            kubectl(&replaces(self.cluster, service, &patched)).await?;
        }
        Ok(floors)
    }

    /// The services whose autoscaler is not as it was found.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub(super) async fn changed(&self) -> anyhow::Result<Vec<String>> {
        let mut changed = Vec::new();
        for (service, found) in SERVICES.into_iter().zip(&self.found) {
            if spec(self.cluster, service).await? != *found {
                changed.push(service.to_owned());
            }
        }
        Ok(changed)
    }
}

/// Waits until each service has as many pods as its floor says, and all of them are ready.
///
/// # Errors
///
/// When pods do not come or go.
pub(super) async fn settle(cluster: &Cluster, floors: [u32; SERVICES.len()]) -> anyhow::Result<()> {
    let at_rest = async {
        while !is_at_rest(&counts(cluster).await?, floors) {
            time::sleep(EVERY).await;
        }
        anyhow::Ok(())
    };
    let waited = time::timeout(PATIENCE, at_rest).await;
    waited.with_context(|| format!("there are never as many pods as the floors say: {floors:?}"))?
}

fn is_at_rest(counts: &[Count; SERVICES.len()], floors: [u32; SERVICES.len()]) -> bool {
    let has = |(count, floor): (&Count, u32)| [count.wanted, count.there, count.ready] == [floor; 3];
    counts.iter().zip(floors).all(has)
}

/// What was looked at.
#[derive(Default)]
pub(super) struct Looks(Mutex<Vec<Look>>);

impl Looks {
    /// Looks each second at the pods, until it is dropped.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub(super) async fn watch(&self, cluster: &Cluster, timeline: &Timeline) -> anyhow::Result<Infallible> {
        let mut ticks = time::interval(EVERY);
        let (mut before, mut failures): (Option<[Count; SERVICES.len()]>, _) = (None, 0);
        loop {
            ticks.tick().await;
            let counts = match counts(cluster).await {
                Ok(counts) => counts,
                Err(error) => {
                    failures += 1;
                    ensure!(failures < FAILURES, "{error:#}");
                    continue;
                }
            };
            for (index, service) in SERVICES.into_iter().enumerate() {
                let Some(before) = before.map(|before| before[index]) else { continue };
                if before.wanted != counts[index].wanted {
                    timeline.note(format_args!("{service}: {} pods are wanted", counts[index].wanted));
                }
                if before.ready != counts[index].ready {
                    timeline.note(format_args!("{service}: {} pods are ready", counts[index].ready));
                }
            }
            before = Some(counts);
            let look = Look { at: timeline.seconds(), counts };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(look);
        }
    }

    /// The looks so far.
    #[must_use]
    pub(super) fn so_far(&self) -> Vec<Look> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there are no more pods than these floors say.
    pub(super) async fn until_scaled_in(&self, floors: [u32; SERVICES.len()]) {
        loop {
            let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).last().copied();
            if last.is_some_and(|look| is_at_rest(&look.counts, floors)) {
                return;
            }
            time::sleep(EVERY).await;
        }
    }
}

async fn spec(cluster: &Cluster, service: &str) -> anyhow::Result<Value> {
    Ok(cluster.get(KIND, &cluster.name(service)).await?["spec"].clone())
}

/// What `kubectl` is told to give an autoscaler this whole specification.
fn replaces(cluster: &Cluster, service: &str, spec: &Value) -> Vec<String> {
    let patch = json!([{ "op": "replace", "path": "/spec", "value": spec }]).to_string();
    cluster.arguments(&["patch", KIND, &cluster.name(service), "--type", "json", "--patch", &patch])
}

/// The specification for a run. Scaling in is quick in all of them, so that the runs follow each other.
fn patched(found: &Value, manner: Manner, wishes: &Wishes) -> Value {
    let mut spec = found.clone();
    let on_cpu = found["metrics"].as_array().into_iter().flatten().filter(|metric| metric["type"] != "Pods");
    let mut metrics: Vec<Value> = on_cpu.cloned().collect();
    if manner == Manner::Queue {
        let target = json!({ "type": "AverageValue", "averageValue": wishes.queue_depth.to_string() });
        metrics.push(json!({ "type": "Pods", "pods": { "metric": { "name": WAITING }, "target": target } }));
    }
    spec["metrics"] = metrics.into();
    let least = number(&found["minReplicas"]).max(1);
    let most = number(&found["maxReplicas"]).max(least);
    let floor = if manner == Manner::Floor { wishes.floor.clamp(least, most) } else { least };
    spec["minReplicas"] = floor.into();
    spec["behavior"]["scaleDown"] = json!({
        "stabilizationWindowSeconds": wishes.scale_in,
        "selectPolicy": "Max",
        "policies": [{ "type": "Pods", "value": 4, "periodSeconds": 15 }],
    });
    spec
}

async fn counts(cluster: &Cluster) -> anyhow::Result<[Count; SERVICES.len()]> {
    let [gateway, betting] = SERVICES.map(|service| cluster.name(service));
    let text = cluster.kubectl(&["get", "deployments", &gateway, &betting, "--output", "json"]).await?;
    let list: Value = serde_json::from_str(&text).context("deployments cannot be read")?;
    Ok([counted(&list["items"][0]), counted(&list["items"][1])])
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default()
}

fn counted(deployment: &Value) -> Count {
    let status = &deployment["status"];
    Count {
        wanted: number(&deployment["spec"]["replicas"]),
        there: number(&status["replicas"]),
        ready: number(&status["readyReplicas"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Value {
        let cpu = json!({ "type": "ContainerResource", "containerResource": { "name": "cpu" } });
        let waiting = json!({ "type": "Pods", "pods": { "metric": { "name": WAITING } } });
        json!({
            "minReplicas": 2, "maxReplicas": 4, "metrics": [cpu, waiting],
            "behavior": { "scaleUp": { "stabilizationWindowSeconds": 0 }, "scaleDown": { "stabilizationWindowSeconds": 300 } },
        })
    }

    fn kinds(spec: &Value) -> Vec<&str> {
        spec["metrics"].as_array().unwrap().iter().map(|metric| metric["type"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_run_differs_in_what_it_is_about_and_in_how_soon_pods_go() {
        let wishes = Wishes { queue_depth: 7, floor: 3, scale_in: 30 };
        let [cpu, queue, floor] = Manner::ALL.map(|manner| patched(&found(), manner, &wishes));
        assert_eq!(kinds(&cpu), ["ContainerResource"]);
        assert_eq!(kinds(&queue), ["ContainerResource", "Pods"]);
        assert_eq!(queue["metrics"][1]["pods"]["target"]["averageValue"], "7");
        assert_eq!(kinds(&floor), ["ContainerResource"]);
        assert_eq!(
            [&cpu, &queue, &floor].map(|spec| spec["minReplicas"].as_u64()),
            [Some(2), Some(2), Some(3)]
        );
        assert_eq!(cpu["behavior"]["scaleUp"], found()["behavior"]["scaleUp"]);
        assert_eq!(cpu["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 30);
    }

    #[test]
    fn a_floor_is_within_what_the_release_has() {
        let floor = |floor| {
            let wishes = Wishes { queue_depth: 7, floor, scale_in: 30 };
            patched(&found(), Manner::Floor, &wishes)["minReplicas"].clone()
        };
        assert_eq!([floor(1), floor(3), floor(9)], [2, 3, 4]);
    }

    #[test]
    fn pods_are_wanted_there_and_ready() {
        let deployment =
            json!({ "spec": { "replicas": 3 }, "status": { "replicas": 2, "readyReplicas": 1 } });
        assert_eq!(counted(&deployment), Count { wanted: 3, there: 2, ready: 1 });
        let empty = json!({ "spec": { "replicas": 1 }, "status": {} });
        assert_eq!(counted(&empty), Count { wanted: 1, there: 0, ready: 0 });
    }
}
