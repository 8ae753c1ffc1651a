use secrecy::ExposeSecret;

use crate::{
    cli::DataDirOption,
    console::say,
    data_dir::RunFile,
    system::{ADMIN, Service},
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data_dir: DataDirOption,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let data = arguments.data_dir.open()?;
    let secrets = data.secrets()?;
    say(format_args!("username  {ADMIN}\npassword  {}", secrets.admin.expose_secret()));
    match RunFile::read(&data.run_file()).and_then(|run_file| run_file.url(Service::Gateway)) {
        Ok(url) => say(format_args!("page      {url}")),
        Err(_) => say("page      (`loljoa up` does not run)"),
    }
    Ok(())
}
