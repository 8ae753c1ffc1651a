//! The system under test on this machine: started for the experiment, in a folder that goes with it.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use loljoa_loadtest::{
    baseline::Design,
    bench::{Manner, Size},
    console::complain,
    engine::view::View,
    lab::{Lab, Options, Stack},
    results::{Against, Replicas},
    scenario::{Kind, World},
};
use loljoa_proto::ops::v1::{BlockRequest, TurnOffRequest, ops_service_client::OpsServiceClient};

use crate::{
    folder,
    undo::{Action, Undo},
};

/// Where everything is that is started.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `loljoa`.
    pub loljoa: PathBuf,
    /// `loljoa-bench`, which serves the old design.
    pub bench: PathBuf,
    /// This one, which serves betting with fail points.
    pub own: PathBuf,
    /// Where the folder of the run is made.
    pub place: PathBuf,
}

impl Programs {
    /// Those beside this program, unless others are named.
    ///
    /// # Errors
    ///
    /// When this program does not know its own file.
    pub fn beside(loljoa: Option<PathBuf>, place: Option<PathBuf>) -> anyhow::Result<Self> {
        let own = env::current_exe().context("this program's own file is not known")?;
        let loljoa = loljoa.unwrap_or_else(|| own.with_file_name("loljoa"));
        let bench = loljoa.with_file_name("loljoa-bench");
        Ok(Self { loljoa, bench, own, place: place.unwrap_or_else(env::temp_dir) })
    }
}

/// What an experiment is made in.
pub struct Scene {
    /// What is put back in the end.
    pub undo: Undo,
    /// Where everything is that is started.
    pub programs: Programs,
}

impl Scene {
    /// A lab with so many users, in a folder that goes with the run.
    ///
    /// # Errors
    ///
    /// When a part does not start.
    pub async fn lab(&self, users: usize, designs: Vec<Design>) -> anyhow::Result<Lab> {
        let place = folder::fresh(&self.programs.place);
        let what = format!("the processes of the lab, and their folder {}", place.display());
        self.undo.before(&what, Action::Folder { path: place.clone() })?;
        folder::make(&place)?;
        complain(format_args!("starting PostgreSQL and the services, and signing {users} users up …"));
        Lab::start(self.options(place, users, designs)).await
    }

    fn options(&self, place: PathBuf, users: usize, designs: Vec<Design>) -> Options {
        Options {
            program: self.programs.loljoa.clone(),
            bench: self.programs.bench.clone(),
            place,
            users,
            designs,
            cells: 1,
            experimenter: Some(self.programs.own.clone()),
            counts_statements: false,
        }
    }
}

/// Ours with so many replicas of betting, and markets to bet on.
///
/// # Errors
///
/// When a part does not start.
pub async fn ours(lab: &mut Lab, betting: usize, kind: Kind) -> anyhow::Result<(Stack, World)> {
    complain(format_args!("starting {betting} × betting and a gateway …"));
    let stack = lab.stack(Against::Ours, Replicas::from(betting)).await?;
    let world = lab.world(&stack, kind).await?;
    lab.settle_down().await?;
    Ok((stack, world))
}

/// How a run of the load lab is made here.
#[must_use]
pub fn manner(warm_up: u64, seconds: u64) -> Manner {
    Manner {
        warm_up: Duration::from_secs(warm_up),
        length: Duration::from_secs(seconds),
        rate: None,
        view: View::Lines,
        size: Size::default(),
    }
}

/// Where a gateway is, as clients write it.
#[must_use]
pub fn base(stack: &Stack) -> String {
    format!("http://{}", stack.gateway())
}

/// Lets a replica refuse traffic for so many seconds.
///
/// # Errors
///
/// When it does not answer, or experiments are not allowed there.
pub async fn block(replica: SocketAddr, seconds: u32) -> anyhow::Result<()> {
    let mut ops = OpsServiceClient::connect(format!("http://{replica}")).await?;
    ops.block(BlockRequest { seconds: i32::try_from(seconds)? }).await?;
    Ok(())
}

/// Breaks a replica's liveness.
///
/// # Errors
///
/// When it does not answer, or experiments are not allowed there.
pub async fn turn_off(replica: SocketAddr) -> anyhow::Result<()> {
    let mut ops = OpsServiceClient::connect(format!("http://{replica}")).await?;
    ops.turn_off(TurnOffRequest {}).await?;
    Ok(())
}

/// Where journals are: `LOLJOA_LAB_STATE`, or the user's folder for state.
///
/// # Errors
///
/// When there is no such folder.
pub fn state(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if let Some(state) = env::var_os("XDG_STATE_HOME") {
        return Ok(PathBuf::from(state).join("loljoa/lab"));
    }
    let home = env::var_os("HOME").context("neither --state nor HOME says where journals are")?;
    Ok(PathBuf::from(home).join(".local/state/loljoa/lab"))
}
