use std::{env, path::PathBuf, process::Output, time::Duration};

use loljoa_loadtest::{
    bench::{Manner, Size},
    engine::view::View,
    lab::Options,
    results::Against,
};
use tokio::process::Command;

/// Few enough to be there soon.
pub(crate) const USERS: usize = 20;

/// The program under test.
pub(crate) fn bench() -> PathBuf {
    env!("CARGO_BIN_EXE_loljoa-bench").into()
}

/// The program beside it, which is built along with all tests.
pub(crate) fn program() -> PathBuf {
    bench().with_file_name("loljoa")
}

pub(crate) fn options(against: Against) -> Options {
    Options {
        cells: 1,
        program: program(),
        bench: bench(),
        place: env::temp_dir(),
        users: USERS,
        experimenter: None,
        counts_statements: false,
        designs: against.design().into_iter().collect(),
    }
}

/// A second, at once.
pub(crate) fn briefly() -> Manner {
    Manner {
        warm_up: Duration::ZERO,
        length: Duration::from_secs(1),
        rate: None,
        view: View::Lines,
        size: Size::default(),
    }
}

/// Runs the program to its end.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    Command::new(bench()).args(arguments).kill_on_drop(true).output().await.unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
