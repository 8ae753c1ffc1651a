//! A pod of each service is killed on a cluster, one service after the other.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use loljoa_loadtest::{
    console::complain,
    report::{Line, Plot},
    scenario::{User, World},
};
use loljoa_service_kit::Clock;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time;

use super::{kill::Options, over_time};
use crate::{
    clients::{Ask, Asked, Clients},
    cluster::Cluster,
    kubernetes,
    report::{About, Findings},
    seen::{self, Seen},
    timeline::{Timeline, marks},
    undo::Undo,
    verdict::Verdict,
};

/// Before a pod is killed, and between two.
const CALM: Duration = Duration::from_secs(5);
/// For so long there is load while a service has lost a pod and gets a new one: a pod that takes longer comes back to silence.
const LOAD: Duration = Duration::from_secs(40);
/// For so long a new pod may take to be ready.
const RETURNS: Duration = Duration::from_mins(2);
/// For so long an audit may take to go through all that is new.
const AUDITED: Duration = Duration::from_mins(3);
/// Between two looks at pods, and how long a piece of a line over time is.
const EVERY: Duration = Duration::from_secs(1);
/// The most bets that the API lists at once: more than a user of the lab can pay for.
const PAGE: usize = 100;

/// The services that have pods, and bets that need them.
pub const SERVICES: [&str; 4] = ["betting", "account", "league-schedule", "gateway"];

/// What is always the same.
pub const ABOUT: About = About {
    name: "kill",
    title: "A pod of each service is killed",
    what: "Clients bet at a steady rate, and send a bet that failed again with the same key. One service after the other loses a pod at once, its \
        sidecar with it and without a word to anybody (`kubectl delete pod --grace-period=0 --force`), and gets a new one. In the end every bet that a client \
        knows to stand must be in the list of whoever placed it, once, and no other; and the audit that follows must find nothing.",
    then: super::kill::ABOUT.then,
    why: "Whoever called the pod finds out in one of two ways: the connection is reset, and the call is repeated at once where that is safe; or nothing \
        comes any more, and the sidecar takes the pod out after three calls that end without an answer (outlier detection), long before Kubernetes notices. \
        Bets that the pod had taken and not answered are found by the client's key when the client asks again: the ids of bet and stake are derived \
        from it. With one pod left of two, nobody has to wait for the new one; the new one costs an image that is there already, a sidecar that has to be told \
        of the mesh, and a readiness probe.",
    stands_in: &[],
};

/// A pod that was killed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Killed {
    /// Of which service.
    pub service: String,
    /// From then until as many were ready as before, if that came. Seconds.
    pub back: Option<f64>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// By clients.
    pub seen: Seen,
    /// Each pod that was killed.
    pub killed: Vec<Killed>,
    /// How many were to be killed.
    pub services: usize,
    /// Bets that clients know to stand.
    pub accepted: usize,
    /// Bets that the API lists for whoever placed them.
    pub listed: usize,
    /// What audits found that does not agree, once they had gone through all of it; nothing if they did not.
    pub differences: Option<u64>,
}

/// Ready pods of each service over time.
#[derive(Default)]
struct Ready(Mutex<Vec<Line>>);

/// Makes the experiment.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn run(cluster: &Cluster, undo: &Undo, options: &Options) -> anyhow::Result<Findings> {
    for service in &options.services {
        kubernetes::scale(cluster, undo, service, usize::from(options.pods)).await?;
    }
    let most = LOAD * u32::try_from(options.services.len())?;
    let world = cluster.world(options.rate * most.as_secs_f64()).await?;
    let clients = Clients::new(cluster.url.as_str(), world.clone(), options.rate, &[Ask::Bet])?;
    let clients = clients.by(cluster.http.clone()).that_insist();

    let timeline = Timeline::begin();
    timeline.note("bets begin");
    let ready = Ready::default();
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), most, ended));
    let script = async {
        let mut killed = Vec::new();
        for service in &options.services {
            time::sleep(CALM).await;
            killed.push(kill(cluster, service, &timeline).await?);
        }
        time::sleep(CALM).await;
        let _ = end.send(());
        anyhow::Ok(killed)
    };
    let (killed, asked) = tokio::select! {
        watched = ready.watch(cluster, &options.services, &timeline) => return Err(watched),
        both = async { (script.await, asking.await) } => (both.0?, both.1?),
    };
    timeline.note("bets end");
    let accepted = asked.iter().filter(|asked| asked.is_good).count();
    complain("counting bets, and waiting for the audit …");
    let facts = Facts {
        seen: Seen::of(&asked),
        killed,
        services: options.services.len(),
        accepted,
        listed: listed(cluster, &world).await?,
        differences: differences(cluster, Clock::system().now()).await,
    };
    Ok(Findings {
        verdict: verdict(&facts),
        table: (seen::header(), vec![facts.seen.row("all")]),
        plots: plots(&asked, &ready, &timeline)?,
        events: timeline.events(),
    })
}

/// Kills a pod, and waits until another is ready.
async fn kill(cluster: &Cluster, service: &str, timeline: &Timeline) -> anyhow::Result<Killed> {
    let before = kubernetes::ready(cluster, service).await?;
    let victim = before.first().with_context(|| format!("{service} has no pod that is ready"))?;
    cluster.kubectl(&["delete", "pod", victim, "--grace-period=0", "--force", "--wait=false"]).await?;
    timeline.note(format_args!("a pod of {service} is killed"));
    let dead = timeline.seconds();
    let again = async {
        loop {
            let now = kubernetes::ready(cluster, service).await?;
            if now.len() >= before.len() && !now.contains(victim) {
                return anyhow::Ok(());
            }
            time::sleep(EVERY / 2).await;
        }
    };
    let back = match time::timeout(RETURNS, again).await {
        Ok(again) => again.map(|()| Some(timeline.seconds() - dead))?,
        Err(_) => None,
    };
    timeline.note(format_args!(
        "{service} has {}",
        if back.is_some() { "as many pods as before" } else { "one pod less still" }
    ));
    Ok(Killed { service: service.to_owned(), back })
}

/// How many bets the API lists for all users.
async fn listed(cluster: &Cluster, world: &World) -> anyhow::Result<usize> {
    let mut count = 0;
    for user in world.users.iter() {
        count += bets(cluster, user).await?;
    }
    Ok(count)
}

async fn bets(cluster: &Cluster, user: &User) -> anyhow::Result<usize> {
    let url = cluster.url.join(&format!("/api/betting/bets?limit={PAGE}"))?;
    let request = cluster.http.get(url).header(AUTHORIZATION, user.authorization.clone());
    let page: Value = request.send().await?.error_for_status()?.json().await?;
    Ok(page["items"].as_array().context("bets are no list")?.len())
}

/// What the audits that went through after `since` found.
async fn differences(cluster: &Cluster, since: DateTime<Utc>) -> Option<u64> {
    let audited = async {
        loop {
            if let Ok(status) = status(cluster).await
                && let Some(found) = found(&status, since)
            {
                return found;
            }
            time::sleep(EVERY).await;
        }
    };
    time::timeout(AUDITED, audited).await.ok()
}

async fn status(cluster: &Cluster) -> anyhow::Result<Value> {
    let url = cluster.url.join("/api/status")?;
    Ok(cluster.http.get(url).send().await?.error_for_status()?.json().await?)
}

/// The differences in `status`, if both audits went through after `since`.
fn found(status: &Value, since: DateTime<Utc>) -> Option<u64> {
    let mut sum = 0;
    for audit in ["bets", "points"] {
        let audit = &status["audits"][audit];
        let at: DateTime<Utc> = audit["lastSuccessAt"].as_str()?.parse().ok()?;
        if at <= since {
            return None;
        }
        sum += audit["differences"].as_u64()?;
    }
    Some(sum)
}

/// Whether every bet is there once, whoever died.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let Facts { seen, killed, services, accepted, listed, differences } = facts;
    let told: Vec<_> = killed
        .iter()
        .map(|Killed { service, back }| match back {
            Some(back) => format!("{service} after {back:.1} s"),
            None => format!("{service} not"),
        })
        .collect();
    Verdict::default()
        .rule(
            "each service that lost a pod has a new one",
            killed.len() == *services && *services > 0 && killed.iter().all(|killed| killed.back.is_some()),
            told.join(", "),
        )
        .rule(
            "every request comes to something, if it is sent again",
            seen.lost == 0 && seen.requests > 0,
            format_args!("{} lost, {} sent again ({})", seen.lost, seen.repeated, seen.told()),
        )
        .rule(
            "each accepted bet is listed once, and no other",
            accepted == listed && *accepted > 0,
            format_args!("{accepted} accepted, {listed} listed"),
        )
        .rule(
            "the audits that follow find nothing",
            *differences == Some(0),
            differences
                .map_or_else(|| "no audit went through".to_owned(), |found| format!("{found} differences")),
        )
}

impl Ready {
    /// Counts the ready pods of each service until it is dropped, or until the cluster does not tell.
    async fn watch(&self, cluster: &Cluster, services: &[String], timeline: &Timeline) -> anyhow::Error {
        let mut ticks = time::interval(EVERY);
        self.lock().extend(services.iter().map(|service| Line { name: service.clone(), points: Vec::new() }));
        loop {
            ticks.tick().await;
            for (number, service) in services.iter().enumerate() {
                let ready = match kubernetes::ready(cluster, service).await {
                    Ok(ready) => f64::from(u32::try_from(ready.len()).unwrap_or(u32::MAX)),
                    Err(error) => return error,
                };
                self.lock()[number].points.push((timeline.seconds(), ready));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plots(asked: &[Asked], ready: &Ready, timeline: &Timeline) -> anyhow::Result<Vec<Plot>> {
    let marks = marks(&timeline.events());
    let piece = EVERY.as_secs_f64();
    let latency = [("p50", 50), ("p99", 99), ("longest", 100)]
        .map(|(name, percent)| seen::over_time(name, asked, piece, percent));
    let failed = [seen::failures_over_time("failed attempts", asked, piece)];
    Ok(vec![
        over_time("pods", "Pods that are ready", &ready.lock(), "pods", &marks)?,
        over_time("latency", "How long bets take, with all their attempts", &latency, "ms", &marks)?,
        over_time("failures", "Attempts that fail", &failed, "a second", &marks)?,
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recorded() -> Facts {
        Facts {
            seen: Seen { requests: 900, repeated: 12, ..Seen::default() },
            killed: SERVICES.map(|service| Killed { service: service.into(), back: Some(9.0) }).to_vec(),
            services: 4,
            accepted: 900,
            listed: 900,
            differences: Some(0),
        }
    }

    #[test]
    fn every_bet_has_to_be_listed_once_and_every_pod_made_good() {
        assert!(verdict(&recorded()).holds());
        let broken = |change: fn(&mut Facts)| {
            let mut facts = recorded();
            change(&mut facts);
            verdict(&facts).broken().len()
        };
        assert_eq!(broken(|facts| facts.listed += 1), 1, "one twice");
        assert_eq!(broken(|facts| facts.listed -= 1), 1, "one lost");
        assert_eq!(broken(|facts| facts.seen.lost = 1), 1);
        assert_eq!(broken(|facts| facts.killed[2].back = None), 1);
        assert_eq!(broken(|facts| facts.killed.truncate(3)), 1);
        assert_eq!(broken(|facts| facts.differences = Some(1)), 1);
        assert_eq!(broken(|facts| facts.differences = None), 1, "nobody looked");
    }

    #[test]
    fn an_audit_counts_when_both_went_through_afterwards() {
        let status = |bets: &str, points: &str| {
            json!({ "audits": {
                "bets": { "lastSuccessAt": bets, "differences": 1 },
                "points": { "lastSuccessAt": points, "differences": 2 },
            } })
        };
        let since = "2022-03-16T10:00:00Z".parse().unwrap();
        assert_eq!(found(&status("2022-03-16T10:00:01Z", "2022-03-16T10:00:02Z"), since), Some(3));
        assert_eq!(found(&status("2022-03-16T10:00:01Z", "2022-03-16T09:59:59Z"), since), None);
        assert_eq!(found(&json!({ "audits": { "bets": null, "points": null } }), since), None);
    }
}
