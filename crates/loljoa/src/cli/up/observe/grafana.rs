use serde_json::{Value, json};

use super::{
    files::{folder, unpack, write},
    programs::Program,
    running::{Running, Start},
};
use crate::data_dir::DataDir;

/// Starts it with our dashboards, over the others by their ports. Whoever is on this machine comes in without a password, and may look
/// and explore.
pub(super) fn start(
    program: &Program,
    port: u16,
    data: &DataDir,
    prometheus: Option<u16>,
    jaeger: Option<u16>,
) -> anyhow::Result<Running> {
    let own = folder(data, "grafana")?;
    let (sources, providers) =
        (folder(data, "grafana/provisioning/datasources")?, folder(data, "grafana/provisioning/dashboards")?);
    let dashboards = folder(data, "grafana/dashboards")?;
    unpack("dashboards", &dashboards)?;
    write(&sources.join("loljoa.yaml"), &data_sources(prometheus, jaeger))?;
    let provider =
        json!({ "name": "loljoa", "folder": "LOL.JOA", "type": "file", "options": { "path": dashboards } });
    write(&providers.join("loljoa.yaml"), &json!({ "apiVersion": 1, "providers": [provider] }))?;
    Running::start(Start {
        name: "Grafana",
        program,
        arguments: vec!["server".into(), "--homepath".into(), program.grafana_home().into()],
        environment: vec![
            ("GF_SERVER_HTTP_ADDR", "127.0.0.1".into()),
            ("GF_SERVER_HTTP_PORT", port.to_string().into()),
            ("GF_PATHS_DATA", own.join("data").into()),
            ("GF_PATHS_LOGS", own.join("logs").into()),
            ("GF_PATHS_PLUGINS", own.join("plugins").into()),
            ("GF_PATHS_PROVISIONING", own.join("provisioning").into()),
            ("GF_AUTH_ANONYMOUS_ENABLED", "true".into()),
            ("GF_AUTH_ANONYMOUS_ORG_ROLE", "Editor".into()),
            ("GF_AUTH_DISABLE_LOGIN_FORM", "true".into()),
            ("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION", "true".into()),
            // Nothing is told to anybody outside.
            ("GF_ANALYTICS_REPORTING_ENABLED", "false".into()),
            ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false".into()),
            ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false".into()),
            ("GF_NEWS_NEWS_FEED_ENABLED", "false".into()),
            ("GF_LOG_LEVEL", "warn".into()),
        ],
        log: own.join("log"),
        port,
    })
}

/// Both sources. An exemplar leads to its trace.
fn data_sources(prometheus: Option<u16>, jaeger: Option<u16>) -> Value {
    let exemplars = jaeger.map(|_| json!([{ "name": "trace_id", "datasourceUid": "jaeger" }]));
    let prometheus = prometheus.map(|port| {
        json!({
            "name": "Prometheus", "uid": "prometheus", "type": "prometheus", "access": "proxy", "isDefault": true,
            "url": format!("http://127.0.0.1:{port}"),
            "jsonData": { "timeInterval": "5s", "exemplarTraceIdDestinations": exemplars },
        })
    });
    let jaeger = jaeger.map(|port| {
        json!({
            "name": "Jaeger", "uid": "jaeger", "type": "jaeger", "access": "proxy",
            "url": format!("http://127.0.0.1:{port}"), "jsonData": { "nodeGraph": { "enabled": true } },
        })
    });
    let sources: Vec<_> = [prometheus, jaeger].into_iter().flatten().collect();
    json!({ "apiVersion": 1, "datasources": sources })
}
