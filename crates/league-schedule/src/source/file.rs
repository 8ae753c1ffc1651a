//! A season file, brought in at every start.

use std::path::PathBuf;

use async_trait::async_trait;
use sqlx::PgPool;

use super::{Error, Next, Source};
use crate::{
    domain::{
        import::Report,
        season::{self, Format, Season},
    },
    service::import,
};

/// The season that comes with the service: LCK 2022 Spring and its playoffs.
pub const BUNDLED: &str = include_str!("../../data/lck-2022-spring.json");

/// Brings a season file in, once.
#[derive(Debug)]
pub struct File {
    pool: PgPool,
    path: Option<PathBuf>,
}

impl File {
    /// The file at `path` (CSV when its name ends so, JSON otherwise), or the bundled season.
    #[must_use]
    pub const fn new(pool: PgPool, path: Option<PathBuf>) -> Self {
        Self { pool, path }
    }

    async fn read(&self) -> Result<Season, Error> {
        let Some(path) = &self.path else {
            return Ok(season::read(Format::Json, BUNDLED.as_bytes()));
        };
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let content = tokio::fs::read(path).await;
        let content =
            content.map_err(|error| Error::Unusable(format!("source.path = {}: {error}", path.display())))?;
        Ok(season::read(if is_csv { Format::Csv } else { Format::Json }, &content))
    }
}

#[async_trait]
impl Source for File {
    fn name(&self) -> &'static str {
        "file"
    }

    async fn step(&mut self) -> Result<Next, Error> {
        let season = self.read().await?;
        let imported = import::by_source(&self.pool, &season).await?;
        if let Some(refused) = first_refused(&imported.report) {
            return Err(Error::Unusable(refused));
        }
        tracing::info!(
            event = "season.imported",
            lines = imported.report.lines.len(),
            "the season file was brought in"
        );
        Ok(Next::Done)
    }
}

fn first_refused(report: &Report) -> Option<String> {
    let line = report.first_refused()?;
    Some(format!(
        "the season file cannot be brought in: line {}: {}: {}",
        line.line, line.subject, line.message
    ))
}
