use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where packages of Grafana put all that it is made of.
const GRAFANA_HOMES: [&str; 3] =
    ["/usr/share/grafana", "/opt/homebrew/opt/grafana/share/grafana", "/usr/local/opt/grafana/share/grafana"];

/// What can run beside the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Jaeger,
    Prometheus,
    Grafana,
}

/// A tool that is installed.
#[derive(Clone, Debug)]
pub(super) struct Program(pub(super) PathBuf);

impl Tool {
    pub(super) const ALL: [Self; 3] = [Self::Jaeger, Self::Prometheus, Self::Grafana];

    const fn name(self) -> &'static str {
        match self {
            Self::Jaeger => "jaeger",
            Self::Prometheus => "prometheus",
            Self::Grafana => "grafana",
        }
    }

    /// Looks in `first`, in `PATH`, and where packages put what is in neither.
    pub(super) fn find(self, first: Option<&Path>) -> Option<Program> {
        let path = env::var_os("PATH").unwrap_or_default();
        let homes: &[&str] = if self == Self::Grafana { &GRAFANA_HOMES[..] } else { &[] };
        let further = homes.iter().map(|home| Path::new(home).join("bin"));
        let folders = first.map(Path::to_owned).into_iter().chain(env::split_paths(&path)).chain(further);
        folders.map(|folder| folder.join(self.name())).find(|file| is_program(file)).map(Program)
    }

    pub(super) const fn how_to_get_it(self) -> &'static str {
        match self {
            Self::Jaeger => {
                "no traces: there is no `jaeger` (version 2) on PATH: https://www.jaegertracing.io/download/"
            }
            Self::Prometheus => {
                "no queries: there is no `prometheus` on PATH: apt-get install prometheus, or https://prometheus.io/download/"
            }
            Self::Grafana => {
                "no graphs: there is no `grafana` on PATH or in /usr/share/grafana: https://grafana.com/grafana/download"
            }
        }
    }
}

impl Program {
    /// The folder with Grafana's own files: that of its package, or around the program's.
    pub(super) fn grafana_home(&self) -> PathBuf {
        let file = self.0.canonicalize().unwrap_or_else(|_| self.0.clone());
        let around = file.parent().and_then(Path::parent).map(Path::to_owned);
        let homes = around.into_iter().chain(GRAFANA_HOMES.map(PathBuf::from));
        let mut homes = homes.filter(|home| home.join("conf/defaults.ini").is_file());
        homes.next().unwrap_or_else(|| GRAFANA_HOMES[0].into())
    }
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
