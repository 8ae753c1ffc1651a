//! Jaeger, Prometheus and Grafana beside the services, where they are installed: each knows of the others, listens on the
//! loopback interface alone, and ends with `loljoa up`.

mod files;
mod grafana;
mod jaeger;
mod programs;
mod prometheus;
mod running;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use clap::Args;
use loljoa_private_postgres::free_port;
use url::Url;

use self::{
    programs::{Program, Tool},
    running::Running,
};
use crate::{
    console::complain,
    data_dir::DataDir,
    system::{ServiceAddresses, require_free},
};

#[derive(Args)]
pub(in crate::cli) struct ObserveOptions {
    /// Run Jaeger, Prometheus and Grafana beside, those that are installed, and show where they are
    #[arg(long, env = "LOLJOA_OBSERVE", hide_env_values = true)]
    observe: bool,
    /// Where these programs are looked for, before PATH
    #[arg(long, env = "LOLJOA_OBSERVE_BIN", value_name = "DIR", hide_env_values = true)]
    observe_bin: Option<PathBuf>,
    /// Where Jaeger shows traces; another port where this one is taken, as for the next two
    #[arg(
        long,
        env = "LOLJOA_JAEGER_PORT",
        value_name = "PORT",
        default_value_t = 16686,
        hide_env_values = true
    )]
    jaeger_port: u16,
    /// Where Prometheus is asked
    #[arg(
        long,
        env = "LOLJOA_PROMETHEUS_PORT",
        value_name = "PORT",
        default_value_t = 9090,
        hide_env_values = true
    )]
    prometheus_port: u16,
    /// Where Grafana shows dashboards
    #[arg(
        long,
        env = "LOLJOA_GRAFANA_PORT",
        value_name = "PORT",
        default_value_t = 3000,
        hide_env_values = true
    )]
    grafana_port: u16,
}

/// What is to run beside the services, and where.
#[derive(Default)]
pub(super) struct Plan {
    jaeger: Option<jaeger::Jaeger>,
    prometheus: Option<(Program, u16)>,
    grafana: Option<(Program, u16)>,
    missing: Vec<Tool>,
}

impl Plan {
    /// Looks for the programs, and takes ports that are free.
    pub(super) async fn of(options: &ObserveOptions) -> anyhow::Result<Self> {
        let mut plan = Self::default();
        if !options.observe {
            return Ok(plan);
        }
        for tool in Tool::ALL {
            let Some(program) = tool.find(options.observe_bin.as_deref()) else {
                plan.missing.push(tool);
                continue;
            };
            match tool {
                Tool::Jaeger => {
                    let [otlp, grpc] = [free_port()?, free_port()?];
                    let ui = port(options.jaeger_port).await?;
                    plan.jaeger = Some(jaeger::Jaeger { program, ui, grpc, otlp });
                }
                Tool::Prometheus => plan.prometheus = Some((program, port(options.prometheus_port).await?)),
                Tool::Grafana => plan.grafana = Some((program, port(options.grafana_port).await?)),
            }
        }
        Ok(plan)
    }

    /// Where services send their traces, if anywhere.
    pub(super) fn otlp(&self) -> anyhow::Result<Option<Url>> {
        let url = self.jaeger.as_ref().map(|jaeger| format!("http://127.0.0.1:{}", jaeger.otlp).parse());
        Ok(url.transpose()?)
    }

    /// Lines for who looks at the terminal: where each is, or how to get it.
    pub(super) fn lines(&self) -> Vec<String> {
        let at = |what: &str, port: u16| format!("  {what:<9} http://127.0.0.1:{port}/");
        let jaeger = self.jaeger.as_ref().map(|jaeger| at("traces", jaeger.ui));
        let prometheus = self.prometheus.as_ref().map(|(_, port)| at("queries", *port));
        let grafana = self.grafana.as_ref().map(|(_, port)| at("graphs", *port));
        let missing = self.missing.iter().map(|tool| format!("  {}", tool.how_to_get_it()));
        [jaeger, prometheus, grafana].into_iter().flatten().chain(missing).collect()
    }
}

/// The port, or another where somebody has it.
async fn port(wanted: u16) -> anyhow::Result<u16> {
    let is_free = wanted != 0 && require_free(SocketAddr::from(([127, 0, 0, 1], wanted))).await.is_ok();
    Ok(if is_free { wanted } else { free_port()? })
}

/// What runs beside the services.
#[derive(Default)]
pub(super) struct Observers(Vec<Running>);

impl Observers {
    /// Starts what takes traces, before anybody sends any.
    pub(super) async fn before_the_services(plan: &Plan, data: &DataDir) -> Self {
        let mut observers = Self::default();
        if let Some(jaeger) = &plan.jaeger {
            observers.add(jaeger.start(data)).await;
        }
        observers
    }

    /// Starts what reads the services' metrics, which are at these addresses by name, and what shows all.
    pub(super) async fn beside(
        &mut self,
        plan: &Plan,
        data: &DataDir,
        metrics: &BTreeMap<String, SocketAddr>,
    ) {
        if let Some((program, port)) = &plan.prometheus {
            self.add(prometheus::start(program, *port, data, metrics)).await;
        }
        if let Some((program, port)) = &plan.grafana {
            let prometheus = plan.prometheus.as_ref().map(|(_, port)| *port);
            let jaeger = plan.jaeger.as_ref().map(|jaeger| jaeger.ui);
            self.add(grafana::start(program, *port, data, prometheus, jaeger)).await;
        }
    }

    /// Without one of them the services run as well.
    async fn add(&mut self, started: anyhow::Result<Running>) {
        match started {
            Ok(mut running) => {
                if let Err(error) = running.listens().await {
                    complain(error);
                }
                self.0.push(running);
            }
            Err(error) => complain(format_args!("{error:#}")),
        }
    }

    /// Ends them all.
    pub(super) async fn stop(self) {
        futures::future::join_all(self.0.into_iter().map(Running::stop)).await;
    }
}

/// Where metrics are read, by what the target is called. One process has one set of metrics, whichever port it is read at.
pub(super) fn metrics<'a>(
    processes: bool,
    addresses: impl Iterator<Item = (String, &'a ServiceAddresses)>,
) -> BTreeMap<String, SocketAddr> {
    let mut each = addresses.map(|(name, at)| (name, at.admin));
    if processes {
        each.collect()
    } else {
        each.next().map(|(_, at)| ("loljoa".to_owned(), at)).into_iter().collect()
    }
}
