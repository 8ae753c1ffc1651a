//! Prints the OpenAPI document, for `docs/openapi.json` and for clients that are generated from it.

use std::io::{self, Write};

fn main() -> anyhow::Result<()> {
    io::stdout().write_all(loljoa_gateway::openapi()?.as_bytes())?;
    Ok(())
}
