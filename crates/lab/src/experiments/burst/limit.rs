//! Pods of the gateway that are held to a part of a core.

use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, kubectl},
    undo::{Action, Undo},
};

/// The service whose pods are held.
const SERVICE: &str = "gateway";
/// How long pods may take to be exchanged.
const PATIENCE: &str = "--timeout=5m";

/// Holds each pod of the gateway to so many thousandths of a core, for the time being.
///
/// # Errors
///
/// When they cannot be patched, or new ones do not become ready.
pub(super) async fn hold(cluster: &Cluster, undo: &Undo, millicores: u16) -> anyhow::Result<()> {
    let name = cluster.name(SERVICE);
    let found = cluster.get("deployment", &name).await?;
    let containers = found["spec"]["template"]["spec"]["containers"].as_array();
    let own = containers.into_iter().flatten().find(|container| container["name"] == SERVICE);
    let before = own.map_or(Value::Null, |own| own["resources"]["limits"]["cpu"].clone());
    let what = format!("the CPU that a pod of {SERVICE} may take");
    undo.before(&what, Action::Kubectl { arguments: limits(cluster, &name, &before) })?;
    kubectl(&limits(cluster, &name, &format!("{millicores}m").into())).await?;
    cluster.kubectl(&["rollout", "status", "deployment", &name, PATIENCE]).await?;
    Ok(())
}

/// What `kubectl` is told to set this limit, or none where it is null.
fn limits(cluster: &Cluster, name: &str, cpu: &Value) -> Vec<String> {
    let container = json!({ "name": SERVICE, "resources": { "limits": { "cpu": cpu } } });
    let patch = json!({ "spec": { "template": { "spec": { "containers": [container] } } } }).to_string();
    cluster.arguments(&["patch", "deployment", name, "--type", "strategic", "--patch", &patch])
}
