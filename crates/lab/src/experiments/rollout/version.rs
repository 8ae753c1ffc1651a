//! Versions of betting's pods, as templates of a Deployment.

use serde_json::{Value, json};

/// The annotation by which a version differs that has the same image.
const MARK: &str = "loljoa.dev/lab";
/// The variable that tells traces which version they are of.
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
/// The label that tells stable pods from those of a canary.
pub(super) const TRACK: &str = "loljoa.dev/track";

/// A version of betting beside the present one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a> {
    /// What it is called in annotations.
    pub(super) name: &'a str,
    /// Its image's tag; the present one where there is none.
    pub(super) tag: Option<&'a str>,
    /// A setting that it has besides, by its variable.
    pub(super) setting: Option<(&'a str, &'a str)>,
}

impl Version<'_> {
    /// The template of its pods, made from that of the present ones.
    pub(super) fn template(self, present: &Value) -> Value {
        let mut template = present.clone();
        template["metadata"]["annotations"][MARK] = json!(self.name);
        let containers = template["spec"]["containers"].as_array_mut().into_iter().flatten();
        for container in containers.filter(|container| container["name"] == "betting") {
            if let Some((variable, value)) = self.setting
                && let Some(variables) = container["env"].as_array_mut()
            {
                variables.push(json!({ "name": variable, "value": value }));
            }
            if let Some(tag) = self.tag {
                container["image"] = json!(tagged(container["image"].as_str().unwrap_or_default(), tag));
                set_attribute(container, "service.version", tag);
            }
        }
        if let Some(tag) = self.tag {
            template["metadata"]["labels"]["version"] = json!(tag);
        }
        template
    }

    /// A canary of it beside the stable Deployment, as the chart makes one (`mesh.canary`).
    pub(super) fn canary(self, stable: &Value, name: &str) -> Value {
        let mut template = self.template(&stable["spec"]["template"]);
        template["metadata"]["labels"][TRACK] = json!("canary");
        for container in template["spec"]["containers"].as_array_mut().into_iter().flatten() {
            set_attribute(container, "k8s.deployment.name", name);
        }
        let mut labels = stable["metadata"]["labels"].clone();
        labels[TRACK] = json!("canary");
        labels["app.kubernetes.io/managed-by"] = json!("loljoa-lab");
        let mut selector = stable["spec"]["selector"].clone();
        selector["matchLabels"][TRACK] = json!("canary");
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": name, "labels": labels },
            "spec": {
                "replicas": 1,
                "minReadySeconds": stable["spec"]["minReadySeconds"],
                "strategy": stable["spec"]["strategy"],
                "selector": selector,
                "template": template,
            },
        })
    }
}

/// The routes of a `VirtualService` that lead to betting, with so many of a hundred calls for the canary, as the chart writes them: a part that
/// gets none is not named.
pub(super) fn shared(routes: &[Value], of_a_hundred: u8) -> Vec<Value> {
    let shared = |route: &Value| {
        let mut route = route.clone();
        let to = route["route"][0]["destination"].clone();
        let part = |subset: &str, weight: u8| {
            let mut destination = to.clone();
            destination["subset"] = json!(subset);
            json!({ "destination": destination, "weight": weight })
        };
        let parts = [("stable", 100_u8.saturating_sub(of_a_hundred)), ("canary", of_a_hundred)];
        let named = parts.into_iter().filter(|(_, weight)| *weight > 0);
        route["route"] = named.map(|(subset, weight)| part(subset, weight)).collect();
        route
    };
    routes.iter().map(shared).collect()
}

/// An image by another tag. A digest would name the image whatever the tag is, and goes.
fn tagged(image: &str, tag: &str) -> String {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    // A colon before the last slash is that of a registry's port.
    let repository = name.rfind(':').filter(|colon| !name[*colon..].contains('/'));
    format!("{}:{tag}", repository.map_or(name, |colon| &name[..colon]))
}

fn set_attribute(container: &mut Value, name: &str, value: &str) {
    let variables = container["env"].as_array_mut().into_iter().flatten();
    for variable in variables.filter(|variable| variable["name"] == ATTRIBUTES) {
        let told = variable["value"].as_str().unwrap_or_default().split(',');
        let set = |attribute: &str| match attribute.split_once('=') {
            Some((key, _)) if key == name => format!("{name}={value}"),
            _ => attribute.to_owned(),
        };
        variable["value"] = json!(told.map(set).collect::<Vec<_>>().join(","));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stable() -> Value {
        json!({
            "metadata": {
                "name": "loljoa-betting",
                "annotations": { "meta.helm.sh/release-name": "loljoa" },
                "labels": { "app.kubernetes.io/managed-by": "Helm", TRACK: "stable" },
            },
            "spec": {
                "replicas": 3,
                "minReadySeconds": 2,
                "strategy": { "type": "RollingUpdate" },
                "selector": { "matchLabels": { "app.kubernetes.io/name": "betting", TRACK: "stable" } },
                "template": {
                    "metadata": { "labels": { "app": "betting", "version": "1.0.0", TRACK: "stable" }, "annotations": {} },
                    "spec": { "containers": [{
                        "name": "betting",
                        "image": "registry:5000/loljoa/betting:1.0.0",
                        "env": [{ "name": ATTRIBUTES, "value": "service.version=1.0.0,k8s.deployment.name=loljoa-betting,a=b" }],
                    }] },
                },
            },
        })
    }

    #[test]
    fn a_version_with_the_same_image_differs_by_its_mark_alone() {
        let present = &stable()["spec"]["template"];
        let mut template = Version { name: "next", tag: None, setting: None }.template(present);
        assert_eq!(template["metadata"]["annotations"], json!({ MARK: "next" }));
        template["metadata"]["annotations"] = json!({});
        assert_eq!(&template, present);
    }

    #[test]
    fn a_version_has_its_image_its_setting_and_says_which_it_is() {
        let next = Version { name: "next", tag: Some("1.1.0"), setting: Some(("A_SETTING", "5")) };
        let template = next.template(&stable()["spec"]["template"]);
        let container = &template["spec"]["containers"][0];
        assert_eq!(container["image"], "registry:5000/loljoa/betting:1.1.0");
        assert_eq!(
            container["env"],
            json!([
                { "name": ATTRIBUTES, "value": "service.version=1.1.0,k8s.deployment.name=loljoa-betting,a=b" },
                { "name": "A_SETTING", "value": "5" },
            ])
        );
        assert_eq!(template["metadata"]["labels"]["version"], "1.1.0");
        assert_eq!(tagged("loljoa/betting@sha256:abc", "2"), "loljoa/betting:2");
        assert_eq!(tagged("registry:5000/loljoa/betting", "2"), "registry:5000/loljoa/betting:2");
    }

    #[test]
    fn a_canary_is_a_deployment_of_its_own_that_helm_knows_nothing_of() {
        let next = Version { name: "next", tag: None, setting: None };
        let canary = next.canary(&stable(), "loljoa-betting-canary");
        let metadata = &canary["metadata"];
        assert_eq!(
            (&metadata["name"], &metadata["annotations"]),
            (&json!("loljoa-betting-canary"), &Value::Null)
        );
        assert_eq!(
            metadata["labels"],
            json!({ "app.kubernetes.io/managed-by": "loljoa-lab", TRACK: "canary" })
        );
        let (selector, template) = (&canary["spec"]["selector"]["matchLabels"], &canary["spec"]["template"]);
        assert_eq!(selector, &json!({ "app.kubernetes.io/name": "betting", TRACK: "canary" }));
        assert_eq!(template["metadata"]["labels"][TRACK], "canary");
        let attributes = template["spec"]["containers"][0]["env"][0]["value"].as_str().unwrap();
        assert!(attributes.contains("k8s.deployment.name=loljoa-betting-canary,"), "{attributes}");
        assert_eq!(canary["spec"]["replicas"], 1);
    }

    #[test]
    fn routes_are_shared_as_the_chart_shares_them() {
        let to = |subset: &str, weight: u8| json!({ "destination": { "host": "b", "subset": subset }, "weight": weight });
        let routes = [
            json!({ "name": "streams", "match": ["m"], "route": [to("stable", 100)] }),
            json!({ "name": "calls", "timeout": "12s", "route": [to("stable", 100)] }),
        ];
        assert_eq!(shared(&routes, 0), routes);
        let tenth = shared(&routes, 10);
        assert_eq!(
            tenth[0],
            json!({ "name": "streams", "match": ["m"], "route": [to("stable", 90), to("canary", 10)] })
        );
        assert_eq!(tenth[1]["route"], json!([to("stable", 90), to("canary", 10)]));
        assert_eq!(shared(&tenth, 100)[1]["route"], json!([to("canary", 100)]));
        assert_eq!(shared(&shared(&tenth, 100), 0), routes);
    }
}
