//! Betting in a release on a cluster, as it is rolled out: its Deployment, a canary beside it, and who gets which calls.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    told::{ByPod, Told},
    version::{TRACK, Version, shared},
};
use crate::{
    cluster::{Cluster, kubectl},
    forward,
    timeline::Timeline,
    undo::{Action, Undo},
};

/// How long a rollout may take that goes well.
const PATIENCE: &str = "--timeout=5m";
const ROUTES: &str = "virtualservices.networking.istio.io";

/// Betting in a release, its changes noted in a journal.
pub(super) struct Betting<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) undo: &'a Undo,
    pub(super) timeline: Timeline,
    /// The stable Deployment before anything was changed.
    stable: Value,
    /// The routes before anything was changed.
    routes: Vec<Value>,
}

/// What pods told at one time, the canary's and the stable ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) at: f64,
    pub(super) canary: ByPod,
    pub(super) stable: ByPod,
}

impl<'a> Betting<'a> {
    /// Betting as it is.
    ///
    /// # Errors
    ///
    /// When the release has no routes in the mesh, or a canary already.
    pub(super) async fn of(cluster: &'a Cluster, undo: &'a Undo, timeline: Timeline) -> anyhow::Result<Self> {
        let name = cluster.name("betting");
        let stable = cluster.get("deployment", &name).await?;
        let found = cluster.get(ROUTES, &name).await;
        let found = found.context("the release has no routes in the mesh (mesh.traffic.enabled)")?;
        let routes = found["spec"]["http"].as_array().context("the route is not one of HTTP")?.clone();
        let canary = cluster.name("betting-canary");
        let there =
            cluster.kubectl(&["get", "deployment", &canary, "--ignore-not-found", "-o", "name"]).await?;
        ensure!(there.trim().is_empty(), "the release has a canary already: {canary}");
        Ok(Self { cluster, undo, timeline, stable, routes })
    }

    fn name(&self) -> String {
        self.cluster.name("betting")
    }

    fn canary(&self) -> String {
        self.cluster.name("betting-canary")
    }

    /// So many pods the stable Deployment wants, and so many are ready.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub(super) async fn pods(&self) -> anyhow::Result<(u64, u64)> {
        let found = self.cluster.get("deployment", &self.name()).await?;
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        Ok((count(&found["spec"]["replicas"]), count(&found["status"]["readyReplicas"])))
    }

    /// Lets the stable Deployment have another version, with so many seconds to get on where that is not left as it is.
    ///
    /// # Errors
    ///
    /// When it cannot be changed.
    pub(super) async fn change(&self, version: Version<'_>, deadline: Option<u32>) -> anyhow::Result<()> {
        let spec = &self.stable["spec"];
        let before = &spec["progressDeadlineSeconds"];
        let patch = |template: &Value, deadline: &Value| {
            let patch = json!([
                { "op": "replace", "path": "/spec/template", "value": template },
                { "op": "add", "path": "/spec/progressDeadlineSeconds", "value": deadline },
            ]);
            let name = self.name();
            self.cluster.arguments(&[
                "patch",
                "deployment",
                &name,
                "--type",
                "json",
                "--patch",
                &patch.to_string(),
            ])
        };
        // Put back in reverse: the version, then it is waited for. A version that was given up is told as such until the cluster has
        // noticed that it goes on.
        let name = self.name();
        let rolled_out = self.cluster.arguments(&["rollout", "status", "deployment", &name, PATIENCE]);
        self.undo.before("the pods of betting", Action::Kubectl { arguments: rolled_out })?;
        let goes_on =
            self.cluster.arguments(&["wait", "--for=condition=Progressing", "deployment", &name, PATIENCE]);
        self.undo.before("the progress of betting", Action::Kubectl { arguments: goes_on })?;
        let back = Action::Kubectl { arguments: patch(&spec["template"], before) };
        self.undo.before("the version of betting", back)?;
        let deadline = deadline.map_or_else(|| before.clone(), |seconds| json!(seconds));
        kubectl(&patch(&version.template(&spec["template"]), &deadline)).await?;
        Ok(())
    }

    /// Waits until the stable Deployment is rolled out. False when it did not get on for as long as it may.
    ///
    /// # Errors
    ///
    /// When it takes too long otherwise.
    pub(super) async fn rolled_out(&self) -> anyhow::Result<bool> {
        let waited = self.cluster.kubectl(&["rollout", "status", "deployment", &self.name(), PATIENCE]).await;
        let Err(error) = waited else { return Ok(true) };
        let found = self.cluster.get("deployment", &self.name()).await?;
        let conditions = found["status"]["conditions"].as_array().into_iter().flatten();
        let mut reasons = conditions.map(|condition| &condition["reason"]);
        if reasons.any(|reason| reason == "ProgressDeadlineExceeded") { Ok(false) } else { Err(error) }
    }

    /// Makes a canary, and waits until it is ready: a share before that would find nobody.
    ///
    /// # Errors
    ///
    /// When it does not become ready.
    pub(super) async fn add_canary(&self, version: Version<'_>) -> anyhow::Result<()> {
        let name = self.canary();
        self.undo.before("the canary", Action::Kubectl { arguments: self.removal() })?;
        let patch = json!({ "spec": { "http": self.routes } }).to_string();
        let back =
            self.cluster.arguments(&["patch", ROUTES, &self.name(), "--type", "merge", "--patch", &patch]);
        self.undo.before("the routes to betting", Action::Kubectl { arguments: back })?;
        self.cluster.create(&version.canary(&self.stable, &name)).await?;
        self.cluster.kubectl(&["rollout", "status", "deployment", &name, PATIENCE]).await?;
        Ok(())
    }

    /// Lets the canary have as many pods as a share of the calls needs, and then that share.
    ///
    /// # Errors
    ///
    /// When it cannot be changed, or pods do not become ready.
    pub(super) async fn share(&self, of_a_hundred: u8) -> anyhow::Result<()> {
        let (wanted, _) = self.pods().await?;
        let pods = (wanted * u64::from(of_a_hundred)).div_ceil(100);
        if pods > 1 {
            let name = self.canary();
            self.cluster.kubectl(&["scale", "deployment", &name, "--replicas", &pods.to_string()]).await?;
            self.cluster.kubectl(&["rollout", "status", "deployment", &name, PATIENCE]).await?;
        }
        let patch = json!({ "spec": { "http": shared(&self.routes, of_a_hundred) } }).to_string();
        self.cluster.kubectl(&["patch", ROUTES, &self.name(), "--type", "merge", "--patch", &patch]).await?;
        Ok(())
    }

    /// Takes the canary away, with its pods.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub(super) async fn remove_canary(&self) -> anyhow::Result<()> {
        kubectl(&self.removal()).await.map(drop)
    }

    fn removal(&self) -> Vec<String> {
        let name = self.canary();
        let removal =
            ["delete", "deployment", &name, "--ignore-not-found", "--cascade=foreground", "--timeout=2m"];
        self.cluster.arguments(&removal)
    }

    /// Asks all pods. One that does not answer ends, and told what it had to tell before.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell which pods there are.
    pub(super) async fn read(&self) -> anyhow::Result<Reading> {
        let list = self.list().await?;
        let pods: BTreeMap<_, _> = tracks(&list).collect();
        let asked = pods.iter().map(async |(pod, is_canary)| {
            let metrics = forward::metrics(self.cluster, pod).await.ok()?;
            Some(((*pod).to_owned(), *is_canary, Told::read(&metrics)))
        });
        let mut reading = Reading { at: self.timeline.seconds(), ..Reading::default() };
        for (pod, is_canary, told) in join_all(asked).await.into_iter().flatten() {
            if is_canary {
                reading.canary.insert(pod, told)
            } else {
                reading.stable.insert(pod, told)
            };
        }
        Ok(reading)
    }

    /// Why pods of betting do not begin, as the kubelet tells it.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub(super) async fn why_not_ready(&self) -> anyhow::Result<Option<String>> {
        Ok(ended(&self.list().await?))
    }

    async fn list(&self) -> anyhow::Result<Value> {
        let selector = &self.stable["spec"]["template"]["metadata"]["labels"];
        let selector = ["app.kubernetes.io/name", "app.kubernetes.io/instance"]
            .map(|label| format!("{label}={}", selector[label].as_str().unwrap_or_default()))
            .join(",");
        let text =
            self.cluster.kubectl(&["get", "pods", "--selector", &selector, "--output", "json"]).await?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// The pods that are asked, by name, and whether each is of the canary.
fn tracks(list: &Value) -> impl Iterator<Item = (&str, bool)> {
    let pods = list["items"].as_array().into_iter().flatten();
    let running = pods.filter(|pod| pod["status"]["phase"] == "Running");
    running.filter_map(|pod| {
        let metadata = &pod["metadata"];
        Some((metadata["name"].as_str()?, metadata["labels"][TRACK] == "canary"))
    })
}

/// How betting's own process ended in a pod that is not ready.
fn ended(list: &Value) -> Option<String> {
    let pods = list["items"].as_array().into_iter().flatten();
    let containers = pods.flat_map(|pod| pod["status"]["containerStatuses"].as_array().into_iter().flatten());
    let mut failed =
        containers.filter(|container| container["name"] == "betting" && container["ready"] == false);
    failed.find_map(|container| {
        let states = [&container["state"], &container["lastState"]];
        let code = states.iter().find_map(|state| state["terminated"]["exitCode"].as_i64())?;
        Some(format!("exit code {code}, started again {} times", container["restartCount"]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_that_run_are_asked_by_their_track() {
        let pod = |name: &str, track: &str, phase: &str| json!({ "metadata": { "name": name, "labels": { TRACK: track } }, "status": { "phase": phase } });
        let items =
            [pod("a", "stable", "Running"), pod("b", "canary", "Running"), pod("c", "canary", "Pending")];
        let list = json!({ "items": items });
        assert_eq!(tracks(&list).collect::<Vec<_>>(), [("a", false), ("b", true)]);
    }

    #[test]
    fn a_pod_that_does_not_begin_tells_how_its_process_ended() {
        let container = |ready: bool, state: Value, last: Value| json!({ "name": "betting", "ready": ready, "restartCount": 2, "state": state, "lastState": last });
        let pods = |containers: &[Value]| {
            let pods =
                containers.iter().map(|container| json!({ "status": { "containerStatuses": [container] } }));
            json!({ "items": pods.collect::<Vec<_>>() })
        };
        let (waits, ended_so) = (json!({ "waiting": {} }), json!({ "terminated": { "exitCode": 64 } }));
        let well = container(true, json!({ "running": {} }), ended_so.clone());
        let told = Some("exit code 64, started again 2 times".to_owned());
        assert_eq!(ended(&pods(&[well.clone(), container(false, waits.clone(), ended_so)])), told);
        assert_eq!(ended(&pods(&[well, container(false, waits.clone(), waits)])), None);
    }
}
