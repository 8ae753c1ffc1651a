//! Generates the contracts' Rust code from `proto/`, without needing `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

const ROOT: &str = "../../proto";
const FILES: [&str; 10] = [
    "loljoa/account/v1/account.proto",
    "loljoa/account/v1/admin.proto",
    "loljoa/account/v1/ledger.proto",
    "loljoa/admin/v1/admin_log.proto",
    "loljoa/betting/v1/betting.proto",
    "loljoa/betting/v1/market_admin.proto",
    "loljoa/league_schedule/v1/league.proto",
    "loljoa/league_schedule/v1/admin.proto",
    "loljoa/league_schedule/v1/feed.proto",
    "loljoa/ops/v1/ops.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(FILES, [ROOT])?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(&out, protox::prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
