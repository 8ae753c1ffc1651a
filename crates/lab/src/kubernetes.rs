//! The pods of betting on a cluster, as they are seen from outside: whether they are ready, how often they were restarted, and
//! which of them answers.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use anyhow::{Context, ensure};
use loljoa_loadtest::lab::api::{Api, Session};
use loljoa_service_kit::ids;
use serde::Deserialize;
use serde_json::Value;
use tokio::time;

use crate::{
    cluster::Cluster,
    counters::{Counters, EVERY, Piece},
    pods::{Known, Pods, name},
    timeline::Timeline,
    undo::{Action, Undo},
};

/// Between two requests that ask who answers.
const GREETS: Duration = Duration::from_millis(100);
/// How long pods may take to be as many as are wanted.
const PATIENCE: Duration = Duration::from_mins(3);

#[derive(Deserialize)]
struct Hello {
    instance: String,
}

/// The pods of betting.
pub struct Watched<'a> {
    cluster: &'a Cluster,
    names: Vec<String>,
    pods: Pods,
    timeline: Timeline,
}

/// Lets a service have so many pods at least, for the time being.
///
/// # Errors
///
/// When it cannot be scaled, or the pods do not become ready.
pub async fn scale(cluster: &Cluster, undo: &Undo, service: &str, pods: usize) -> anyhow::Result<()> {
    let deployment = cluster.name(service);
    let found = cluster.get("deployment", &deployment).await?;
    let before = found["spec"]["replicas"].as_u64().unwrap_or(1);
    if usize::try_from(before)? < pods {
        let arguments =
            |count: String| cluster.arguments(&["scale", "deployment", &deployment, "--replicas", &count]);
        undo.before(
            &format!("the pods of {service}"),
            Action::Kubectl { arguments: arguments(before.to_string()) },
        )?;
        cluster.kubectl(&["scale", "deployment", &deployment, "--replicas", &pods.to_string()]).await?;
    }
    let all = async {
        loop {
            if ready(cluster, service).await?.len() >= pods {
                return anyhow::Ok(());
            }
            time::sleep(EVERY).await;
        }
    };
    time::timeout(PATIENCE, all)
        .await
        .with_context(|| format!("the pods of {service} do not become ready"))?
}

impl<'a> Watched<'a> {
    /// Those that are there now.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub async fn begin(cluster: &'a Cluster, timeline: Timeline) -> anyhow::Result<Self> {
        let found = read(cluster, "betting").await?;
        let names: Vec<_> = found.keys().cloned().collect();
        for (number, full) in names.iter().enumerate() {
            timeline.note(format_args!("{} is pod {full}", name(number)));
        }
        let pods = Pods::default();
        pods.set(found.into_values().collect());
        Ok(Self { cluster, names, pods, timeline })
    }

    /// What is known of them.
    #[must_use]
    pub fn pods(&self) -> Pods {
        self.pods.clone()
    }

    /// Looks at them until it is dropped.
    ///
    /// # Errors
    ///
    /// When the cluster does not tell.
    pub async fn run(&self) -> anyhow::Result<Infallible> {
        let mut ticks = time::interval(EVERY);
        loop {
            ticks.tick().await;
            let found = read(self.cluster, "betting").await?;
            let gone = Known { is_in: false, deaths: 0, restarts: 0 };
            let now: Vec<_> =
                self.names.iter().map(|name| found.get(name).copied().unwrap_or(gone)).collect();
            for (pod, now) in now.iter().enumerate() {
                self.tell(pod, *now);
            }
            self.pods.set(now);
        }
    }

    fn tell(&self, pod: usize, now: Known) {
        let Some(before) = self.pods.of(pod) else { return };
        if now.restarts > before.restarts {
            self.timeline.note(format_args!("{} is started again (restart {})", name(pod), now.restarts));
        }
        match (before.is_in, now.is_in) {
            (true, false) => {
                self.timeline.note(format_args!("{} is not ready, and leaves the endpoints", name(pod)));
            }
            (false, true) => {
                self.timeline.note(format_args!("{} is ready, and among the endpoints again", name(pod)));
            }
            _ => {}
        }
    }

    /// Asks again and again who answers, and counts.
    pub async fn greet(&self, counters: &Counters) {
        let mut ticks = time::interval(GREETS);
        let mut answered: BTreeMap<usize, u32> = BTreeMap::new();
        let mut since = self.timeline.seconds();
        loop {
            ticks.tick().await;
            if let Some(pod) = self.who().await.and_then(|instance| self.index(&instance)) {
                *answered.entry(pod).or_default() += 1;
            }
            let now = self.timeline.seconds();
            if now - since >= EVERY.as_secs_f64() {
                let rate = |pod| f64::from(answered.get(&pod).copied().unwrap_or_default()) / (now - since);
                counters
                    .add((0..self.names.len()).map(|pod| Piece { until: now, rate: rate(pod) }).collect());
                answered.clear();
                since = now;
            }
        }
    }

    async fn who(&self) -> Option<String> {
        let url = self.cluster.url.join("/api/betting/hello").ok()?;
        let answer = self.cluster.http.get(url).timeout(EVERY * 4).send().await.ok()?;
        Some(answer.json::<Hello>().await.ok()?.instance)
    }

    fn index(&self, instance: &str) -> Option<usize> {
        self.names.iter().position(|name| name == instance)
    }

    /// Lets the replica that answers do `what`, `block` or `turnoff`, and tells which pod that is.
    ///
    /// # Errors
    ///
    /// When it is refused: experiments have to be enabled in the release (`experiments.enabled`).
    pub async fn order(&self, admin: &Session, what: &str) -> anyhow::Result<usize> {
        let url = self.cluster.url.join(&format!("/api/betting/{what}"))?;
        let request = self.cluster.http.post(url).bearer_auth(&admin.access_token);
        let answer = request.header("idempotency-key", ids::fresh().to_string()).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{what} was answered with {status}: {text}");
        let Hello { instance } = serde_json::from_str(&text)?;
        self.index(&instance).with_context(|| format!("{instance} was not there before"))
    }
}

/// The release's first admin, by the password in the release's Secret.
///
/// # Errors
///
/// When there is none, or it cannot log in.
pub async fn admin(cluster: &Cluster) -> anyhow::Result<Session> {
    let template = r#"go-template={{index .data "admin-password" | base64decode}}"#;
    let password = cluster.kubectl(&["get", "secret", &cluster.name("secrets"), "-o", template]).await?;
    Api::with(cluster.http.clone(), cluster.url.as_str()).log_in("admin", &password).await
}

/// The names of a service's pods that are ready.
///
/// # Errors
///
/// When the cluster does not tell.
pub async fn ready(cluster: &Cluster, service: &str) -> anyhow::Result<Vec<String>> {
    let found = read(cluster, service).await?.into_iter();
    Ok(found.filter(|(_, known)| known.is_in).map(|(name, _)| name).collect())
}

/// The pods of a service by their names.
async fn read(cluster: &Cluster, service: &str) -> anyhow::Result<BTreeMap<String, Known>> {
    let selector = format!("app={service}");
    let text = cluster.kubectl(&["get", "pods", "--selector", &selector, "--output", "json"]).await?;
    Ok(known(&serde_json::from_str(&text)?, service))
}

fn known(list: &Value, service: &str) -> BTreeMap<String, Known> {
    let pods = list["items"].as_array().into_iter().flatten();
    let pods = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let known = |pod: &Value| {
        let of = |list: &str, key: &str, value: &str| {
            let list = pod["status"][list].as_array()?;
            list.iter().find(|item| item[key] == *value)
        };
        let is_in = of("conditions", "type", "Ready").is_some_and(|condition| condition["status"] == "True");
        let container = of("containerStatuses", "name", service);
        let restarts = container.and_then(|container| container["restartCount"].as_u64()).unwrap_or_default();
        let restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
        let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        (name, Known { is_in, deaths: restarts, restarts })
    };
    pods.map(known).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_is_known_by_its_conditions_and_its_own_container() {
        let pod = |name: &str, ready: &str, restarts: u32| {
            json!({
                "metadata": { "name": name },
                "status": {
                    "conditions": [{ "type": "Initialized", "status": "True" }, { "type": "Ready", "status": ready }],
                    "containerStatuses": [
                        { "name": "istio-proxy", "restartCount": 7 },
                        { "name": "betting", "restartCount": restarts },
                    ],
                },
            })
        };
        let mut ending = pod("c", "True", 0);
        ending["metadata"]["deletionTimestamp"] = json!("2022-03-16T10:00:00Z");
        let list = json!({ "items": [pod("b", "False", 2), pod("a", "True", 0), ending] });
        let known: Vec<_> = known(&list, "betting").into_iter().collect();
        let of = |name: &str, is_in, restarts| (name.to_owned(), Known { is_in, deaths: restarts, restarts });
        assert_eq!(known, [of("a", true, 0), of("b", false, 2)]);
    }
}
