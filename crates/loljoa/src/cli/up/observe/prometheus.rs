use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::json;

use super::{
    files::{folder, unpack, write},
    programs::Program,
    running::{Running, Start},
};
use crate::data_dir::DataDir;

/// How often metrics are read, and rules evaluated.
const EVERY: &str = "5s";

/// Starts it with our rules; it reads the metrics of each of these targets.
pub(super) fn start(
    program: &Program,
    port: u16,
    data: &DataDir,
    metrics: &BTreeMap<String, SocketAddr>,
) -> anyhow::Result<Running> {
    let (own, rules) = (folder(data, "prometheus")?, folder(data, "prometheus/rules")?);
    unpack("rules", &rules)?;
    let scraped: Vec<_> = metrics
        .iter()
        .map(|(name, at)| json!({ "job_name": name, "static_configs": [{ "targets": [at] }] }))
        .collect();
    let config = json!({
        "global": { "scrape_interval": EVERY, "evaluation_interval": EVERY },
        "rule_files": [rules.join("*.yaml")],
        "scrape_configs": scraped,
    });
    let file = own.join("prometheus.yaml");
    write(&file, &config)?;
    let arguments = vec![
        "--config.file".into(),
        file.into(),
        "--storage.tsdb.path".into(),
        own.join("data").into(),
        "--storage.tsdb.retention.size".into(),
        "512MB".into(),
        "--enable-feature".into(),
        "exemplar-storage".into(),
        "--log.level".into(),
        "warn".into(),
        "--web.listen-address".into(),
        format!("127.0.0.1:{port}").into(),
    ];
    Running::start(Start {
        name: "Prometheus",
        program,
        arguments,
        environment: Vec::new(),
        log: own.join("log"),
        port,
    })
}
