//! What the services' processes hold: memory, files, and labels of metrics.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use loljoa::system::Service;
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::foes::MADE_UP;
use crate::support::{App, eventually};

const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// What a service may need beyond what it has in the calm, whatever is done to it. MiB.
const MOST_MORE: u64 = 192;
/// Connections to the database and to neighbours that are made when there is more to do, and kept.
const KEPT_FILES: usize = 48;
/// The values of one label. There are about a hundred routes; made-up names would be thousands.
const MOST_VALUES: usize = 150;

/// The four processes, since the attack began.
pub(super) struct Watch {
    processes: Vec<Process>,
}

struct Process {
    service: Service,
    pid: u32,
    admin: String,
    before: Held,
    peak: Arc<AtomicU64>,
    after: Option<Held>,
    /// How many values the label with the most of them had after each attack.
    values: Vec<usize>,
    _sampled: AbortOnDropHandle<()>,
}

/// What a process holds.
#[derive(Clone, Copy)]
struct Held {
    /// Memory. KiB.
    memory: u64,
    files: usize,
}

impl Held {
    fn by(pid: u32) -> Self {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        Self { memory: memory(pid), files }
    }
}

fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

/// How many values the label with the most of them has. A histogram's bounds are no label of ours.
fn most_values(metrics: &str) -> usize {
    let mut values: HashMap<&str, HashSet<&str>> = HashMap::new();
    let labels =
        metrics.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('{'));
    for (_, labels) in labels {
        let mut parts = labels.split('"');
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            values.entry(name.trim_matches([',', '=', ' '])).or_default().insert(value);
        }
    }
    values.remove("le");
    values.into_values().map(|values| values.len()).max().unwrap_or_default()
}

impl Process {
    fn new(app: &App, service: Service) -> Self {
        let pid = app.system.process(service).unwrap();
        let admin = format!("http://{}/metrics", app.system.addresses()[&service].admin);
        let peak = Arc::new(AtomicU64::new(0));
        let sampled = Arc::clone(&peak);
        let sampling = tokio::spawn(async move {
            loop {
                sampled.fetch_max(memory(pid), Ordering::Relaxed);
                time::sleep(SAMPLE_EVERY).await;
            }
        });
        let (before, after, values) = (Held::by(pid), None, Vec::new());
        Self { service, pid, admin, before, peak, after, values, _sampled: AbortOnDropHandle::new(sampling) }
    }

    async fn metrics(&self) -> String {
        reqwest::get(&self.admin).await.unwrap().text().await.unwrap()
    }
}

impl Watch {
    pub(super) fn begin(app: &App) -> Self {
        Self { processes: Service::ALL.into_iter().map(|service| Process::new(app, service)).collect() }
    }

    /// Waits until the services have let go of what the attackers held.
    pub(super) async fn until_all_is_let_go(&self) {
        for process in &self.processes {
            eventually(&format!("{}'s letting go", process.service), async || {
                (Held::by(process.pid).files <= process.before.files + KEPT_FILES).then_some(())
            })
            .await;
        }
    }

    /// Counts the values of the metrics' labels, among which is nothing that attackers made up.
    pub(super) async fn note_values(&mut self) {
        for process in &mut self.processes {
            let text = process.metrics().await;
            assert!(!text.contains(MADE_UP), "{}: {text}", process.service);
            process.values.push(most_values(&text));
        }
    }

    pub(super) fn end(&mut self) {
        for process in &mut self.processes {
            process.after = Some(Held::by(process.pid));
        }
    }

    /// Nothing has grown for good, and nothing grew much.
    pub(super) fn is_good(&self) {
        for Process { service, before, peak, values, .. } in &self.processes {
            let more = peak.load(Ordering::Relaxed).saturating_sub(before.memory) / 1_024;
            assert!(more <= MOST_MORE, "{service} grew by {more} MiB");
            assert!(values.iter().all(|values| *values <= MOST_VALUES), "{service}'s labels: {values:?}");
        }
    }

    /// Waits until the gateway has dropped connections for each of these reasons.
    pub(super) async fn until_dropped(&self, reasons: &[&str]) {
        let gateway = self.processes.iter().find(|process| process.service == Service::Gateway).unwrap();
        for reason in reasons {
            let mark = format!("reason=\"{reason}\"}}");
            eventually(&format!("dropping what is {reason}"), async || {
                let text = gateway.metrics().await;
                let is_count = |line: &str| line.contains("connections_dropped") && line.contains(&mark);
                text.lines().any(is_count).then_some(())
            })
            .await;
        }
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Process { service, before, peak, after, values, .. } in &self.processes {
            let after = after.unwrap_or(*before);
            let [before_memory, peak, after_memory] =
                [before.memory, peak.load(Ordering::Relaxed), after.memory].map(|kib| kib / 1_024);
            writeln!(
                f,
                "  {:16} RSS {before_memory} MiB before, {peak} at most, {after_memory} after; files {} and {}; values of a label {values:?}",
                service.to_string(),
                before.files,
                after.files
            )?;
        }
        Ok(())
    }
}
