use std::{net::SocketAddr, process::ExitCode};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

use crate::baseline::{CONNECTIONS, Design, serve};

#[derive(Args)]
pub(super) struct Arguments {
    /// Which
    #[arg(value_enum)]
    design: Design,
    /// Where it listens
    #[arg(long)]
    listen: SocketAddr,
    /// Its database
    #[arg(long, env = "LOLJOA_BENCH_DATABASE", hide_env_values = true)]
    database: SecretString,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { design, listen, database } = arguments;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(database.expose_secret()).await?;
    let listener = TcpListener::bind(listen).await?;
    tokio::select! {
        served = serve(design, pool, listener) => served?,
        () = loljoa_service_kit::lifecycle::shutdown_on_signal().cancelled_owned() => {}
    }
    Ok(ExitCode::SUCCESS)
}
