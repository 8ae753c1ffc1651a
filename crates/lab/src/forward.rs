//! What a pod tells at its admin port, which the mesh and its policies close to everybody else.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time,
};

use crate::cluster::Cluster;

/// How long a pod may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The services' admin port in a pod.
const ADMIN: &str = ":9090";

/// A pod's metrics, over a way into the pod that is there for this one question.
///
/// # Errors
///
/// When the pod does not answer in time, as one does not that ends.
pub async fn metrics(cluster: &Cluster, pod: &str) -> anyhow::Result<String> {
    time::timeout(PATIENCE, ask(cluster, pod)).await.with_context(|| format!("{pod} does not answer"))?
}

async fn ask(cluster: &Cluster, pod: &str) -> anyhow::Result<String> {
    let mut command = Command::new("kubectl");
    command.args(cluster.arguments(&["port-forward", &format!("pod/{pod}"), ADMIN, "--address=127.0.0.1"]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().context("kubectl cannot be run")?;
    let mut lines = BufReader::new(child.stdout.take().context("kubectl says nothing")?).lines();
    let line = lines.next_line().await?.with_context(|| format!("there is no way to {pod}"))?;
    let port = port(&line).with_context(|| format!("kubectl says: {line}"))?;
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await?;
    ensure!(answer.status().is_success(), "{pod} answers {}", answer.status());
    Ok(answer.text().await?)
}

/// The port here, of `Forwarding from 127.0.0.1:40123 -> 9090`.
fn port(line: &str) -> Option<u16> {
    line.strip_prefix("Forwarding from 127.0.0.1:")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_says_where_the_pod_is() {
        assert_eq!(port("Forwarding from 127.0.0.1:40123 -> 9090"), Some(40_123));
        assert_eq!(port("error: unable to forward"), None);
    }
}
