use std::{process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use futures::future::join_all;
use loljoa_service_kit::config::redacted;
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{
    cli::{
        DataDirOption,
        connect::{TOKEN_WANTED, Target},
        up::duration,
    },
    console::{complain, say, table},
    data_dir::RunFile,
    system::Service,
};

/// A replica answers at once, or not in this time either.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Args)]
#[command(
    after_help = "Examples:\n  loljoa admin log-level\n  loljoa admin log-level --service betting --filter info,loljoa_betting=debug --for 10m\n  loljoa admin log-level --reset\n  LOLJOA_TOKEN=… loljoa admin log-level --admin-url http://127.0.0.1:9090 --filter debug"
)]
pub(in crate::cli) struct Arguments {
    /// Whose log, of the running `loljoa up`
    #[arg(long, value_enum, default_value_t = Whose::All, conflicts_with = "admin_url")]
    service: Whose,
    /// What is logged from now on: levels, and targets with levels, such as `info,loljoa_betting=debug`
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// For how long, an hour at most; afterwards what is configured holds again
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = duration)]
    duration: Duration,
    /// Let what is configured hold again at once
    #[arg(long, conflicts_with = "filter")]
    reset: bool,
    #[command(flatten)]
    data_dir: DataDirOption,
    /// The admin port of a replica elsewhere; of a name with several addresses each is asked. May be given more than once
    #[arg(long, value_name = "URL")]
    admin_url: Vec<Url>,
    /// The access token of an admin, as /api/account/login gives it [default: that of the admin of the running `loljoa up`]
    #[arg(long, env = "LOLJOA_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Whose {
    All,
    Account,
    LeagueSchedule,
    Betting,
    Gateway,
}

impl Whose {
    fn services(self) -> Vec<Service> {
        match self {
            Self::All => Service::ALL.to_vec(),
            Self::Account => vec![Service::Account],
            Self::LeagueSchedule => vec![Service::LeagueSchedule],
            Self::Betting => vec![Service::Betting],
            Self::Gateway => vec![Service::Gateway],
        }
    }
}

/// What a replica answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    service: String,
    filter: String,
    configured: String,
    until: Option<String>,
}

/// What a replica refuses with.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    errors: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    field: String,
    message: String,
}

/// Fails when a replica could not be reached, or refused.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !arguments.admin_url.is_empty() && arguments.token.is_none() {
        bail!("{TOKEN_WANTED}");
    }
    let target = Target::of(arguments.data_dir.clone(), arguments.token.clone());
    let ports = if arguments.admin_url.is_empty() {
        of_the_running(&target.run_file()?, arguments.service)?
    } else {
        each_address(&arguments.admin_url).await?
    };
    // Whoever asks a replica of its own machine is not to be led through a proxy.
    let http = Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let answers = target
        .with_token_of_admin(async |token| {
            let asked = ports.iter().map(|port| ask(asking(&http, port, arguments).bearer_auth(token)));
            Ok(join_all(asked).await)
        })
        .await?;
    Ok(tell(&ports, answers))
}

fn of_the_running(run: &RunFile, whose: Whose) -> anyhow::Result<Vec<Url>> {
    let services = whose.services();
    let cells = services.iter().flat_map(|service| run.cells_of(*service));
    cells.map(|at| anyhow::Ok(format!("http://{}/log-level", at.admin).parse()?)).collect()
}

/// Where each address behind these URLs is asked: behind a name may be several replicas.
async fn each_address(urls: &[Url]) -> anyhow::Result<Vec<Url>> {
    let mut found = Vec::new();
    for url in urls {
        let shown = redacted(url.as_str());
        let host = url.host_str().with_context(|| format!("{shown} has no host"))?;
        let port = url.port_or_known_default().with_context(|| format!("{shown} has no port"))?;
        let addresses = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await;
        for address in addresses.with_context(|| format!("{shown} cannot be resolved"))? {
            found.push(format!("http://{address}/log-level").parse()?);
        }
    }
    Ok(found)
}

fn asking(http: &Client, port: &Url, arguments: &Arguments) -> RequestBuilder {
    let request = |method| http.request(method, port.clone());
    match &arguments.filter {
        Some(filter) => {
            let seconds = arguments.duration.as_secs();
            request(Method::PUT).json(&json!({ "filter": filter, "forSeconds": seconds }))
        }
        None if arguments.reset => request(Method::DELETE),
        None => request(Method::GET),
    }
}

async fn ask(request: RequestBuilder) -> anyhow::Result<Level> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    if response.status().is_success() {
        return Ok(response.json().await?);
    }
    let status = response.status();
    let Ok(Problem { detail, errors }) = response.json().await else { bail!("{status}") };
    match errors.first() {
        Some(Field { field, message }) => bail!("{field}: {message}"),
        None => bail!("{detail}"),
    }
}

fn tell(ports: &[Url], answers: Vec<anyhow::Result<Level>>) -> ExitCode {
    let mut rows = vec![["service", "address", "logs", "until", "configured"].map(str::to_owned).to_vec()];
    for (port, answer) in ports.iter().zip(answers) {
        let address = port.authority().to_owned();
        match answer {
            Ok(Level { service, filter, configured, until }) => {
                rows.push(vec![
                    service,
                    address,
                    filter,
                    until.unwrap_or_else(|| "-".to_owned()),
                    configured,
                ]);
            }
            Err(error) => complain(format_args!("{address}: {error:#}")),
        }
    }
    let reached = rows.len() - 1;
    if reached > 0 {
        say(table(&rows));
    }
    say(format_args!("{reached} of {} replicas were reached.", ports.len()));
    if reached == ports.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
