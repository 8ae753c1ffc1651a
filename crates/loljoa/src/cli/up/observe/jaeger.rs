use serde_json::json;

use super::{
    files::{folder, write},
    programs::Program,
    running::{Running, Start},
};
use crate::data_dir::DataDir;

/// How long traces are kept.
const KEPT: &str = "48h";

/// Jaeger 2, and its ports.
pub(super) struct Jaeger {
    pub(super) program: Program,
    /// Where traces are shown.
    pub(super) ui: u16,
    /// Where programs ask for them.
    pub(super) grpc: u16,
    /// Where they come in.
    pub(super) otlp: u16,
}

impl Jaeger {
    pub(super) fn start(&self, data: &DataDir) -> anyhow::Result<Running> {
        let folder = folder(data, "jaeger")?;
        let at = |port: u16| json!({ "endpoint": format!("127.0.0.1:{port}") });
        let badger = json!({
            "directories": { "keys": folder.join("keys"), "values": folder.join("values") },
            "ephemeral": false,
            "ttl": { "spans": KEPT },
        });
        let config = json!({
            "extensions": {
                "jaeger_storage": { "backends": { "disk": { "badger": badger } } },
                "jaeger_query": { "storage": { "traces": "disk" }, "http": at(self.ui), "grpc": at(self.grpc) },
            },
            "receivers": { "otlp": { "protocols": { "grpc": at(self.otlp) } } },
            "processors": { "batch": {} },
            "exporters": { "jaeger_storage_exporter": { "trace_storage": "disk" } },
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "pipelines": { "traces": {
                    "receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"],
                } },
                "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "warn" } },
            },
        });
        let file = folder.join("jaeger.yaml");
        write(&file, &config)?;
        Running::start(Start {
            name: "Jaeger",
            program: &self.program,
            arguments: vec!["--config".into(), file.into()],
            environment: Vec::new(),
            log: folder.join("log"),
            port: self.ui,
        })
    }
}
