//! Whether every point is accounted for after a run.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    lab::{Lab, Stack},
    results::{Against, Audit},
    scenario::World,
};

/// Bets that were under way at the end are recorded, or given back, within it.
const GRACE: Duration = Duration::from_secs(40);
/// As many differences as a person reads.
const TOLD: usize = 20;

#[derive(Deserialize)]
struct Report {
    accounts: i64,
    transfers: i64,
    bets: i64,
    markets: i64,
    differences: Vec<Difference>,
    omitted: u64,
}

#[derive(Deserialize)]
struct Difference {
    books: String,
    check: String,
    subject: String,
    expected: String,
    found: String,
}

impl Lab {
    /// Audits `stack`, whose bets on the markets of `world` must be as many as were answered with an acceptance, or more where
    /// answers were lost.
    ///
    /// # Errors
    ///
    /// When a database cannot be read.
    pub async fn audit(&self, stack: &Stack, world: &World, accepted: u64) -> anyhow::Result<Audit> {
        let markets: Vec<Uuid> = world.markets.iter().map(|market| market.market_id).collect();
        let (mut audit, there) = if stack.against() == Against::Ours {
            let mut there = 0;
            for bets in stack.all_bets() {
                there += bets_of_ours(bets, &markets).await?;
            }
            (self.audit_ours().await?, there)
        } else {
            (old(stack.bets()).await?, bets_of_old(stack.bets(), &markets).await?)
        };
        if u64::try_from(there)? < accepted {
            audit.differences.push(format!("{accepted} bets were accepted, and {there} are there"));
        }
        Ok(audit)
    }

    /// How many bets on the markets of `world` are recorded.
    ///
    /// # Errors
    ///
    /// When a database cannot be read.
    pub async fn recorded(&self, stack: &Stack, world: &World) -> anyhow::Result<u64> {
        let markets: Vec<Uuid> = world.markets.iter().map(|market| market.market_id).collect();
        let mut there = 0;
        for bets in stack.all_bets() {
            there += bets_of_ours(bets, &markets).await?;
        }
        Ok(u64::try_from(there)?)
    }

    async fn audit_ours(&self) -> anyhow::Result<Audit> {
        let mut command = Command::new(self.program());
        command.args(["audit", "--json", "--no-progress", "--grace", &GRACE.as_secs().to_string()]);
        for database in self.account_databases() {
            command.args(["--account-database", &database]);
        }
        for database in self.betting_databases() {
            command.args(["--betting-database", &database]);
        }
        let output = command.output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let report: Report =
            serde_json::from_slice(&output.stdout).with_context(|| format!("loljoa audit: {complaint}"))?;
        let Report { accounts, transfers, bets, markets, differences, omitted } = report;
        let mut differences: Vec<_> = differences.into_iter().take(TOLD).map(told).collect();
        if omitted > 0 {
            differences.push(format!("and {omitted} more"));
        }
        let looked_at = format!(
            "loljoa audit: {accounts} accounts, {transfers} transfers, {bets} bets, {markets} markets"
        );
        Ok(Audit { looked_at, differences })
    }
}

fn told(difference: Difference) -> String {
    let Difference { books, check, subject, expected, found } = difference;
    format!("{books}: {check} of {subject} should be {expected} and is {found}")
}

async fn bets_of_ours(pool: &PgPool, markets: &[Uuid]) -> sqlx::Result<i64> {
    let count = "SELECT count(*) FROM bets WHERE market_id = ANY ($1)";
    sqlx::query_scalar(count).bind(markets).fetch_one(pool).await
}

async fn bets_of_old(pool: &PgPool, games: &[Uuid]) -> sqlx::Result<i64> {
    let count = "SELECT count(*) FROM bets WHERE game_id = ANY ($1)";
    sqlx::query_scalar(count).bind(games).fetch_one(pool).await
}

/// Stakes, pools of choices, pools of games and points taken are the same, in all and one by one.
async fn old(pool: &PgPool) -> anyhow::Result<Audit> {
    let mut differences = Vec::new();
    for (what, difference) in [
        (
            "points of accounts",
            "SELECT account_id, $1 - coalesce(staked, 0)::bigint AS expected, points AS found FROM accounts
            LEFT JOIN (SELECT account_id, sum(stake) AS staked FROM bets GROUP BY account_id) AS stakes USING (account_id)",
        ),
        (
            "pool of a choice",
            "SELECT choice_id, coalesce(staked, 0)::bigint AS expected, pool AS found FROM choices
            LEFT JOIN (SELECT choice_id, sum(stake) AS staked FROM bets GROUP BY choice_id) AS stakes USING (choice_id)
            WHERE $1 = $1",
        ),
        (
            "pool of a game",
            "SELECT game_id, coalesce(staked, 0)::bigint AS expected, pool AS found FROM games
            LEFT JOIN (SELECT game_id, sum(stake) AS staked FROM bets GROUP BY game_id) AS stakes USING (game_id)
            WHERE $1 = $1",
        ),
    ] {
        let compare = format!(
            "SELECT * FROM ({difference}) AS compared (subject, expected, found) WHERE expected <> found LIMIT {TOLD}"
        );
        let rows: Vec<(Uuid, i64, i64)> =
            sqlx::query_as(sqlx::AssertSqlSafe(compare)).bind(crate::lab::POINTS).fetch_all(pool).await?;
        let told = |(subject, expected, found)| format!("{what} {subject} should be {expected} and is {found}");
        differences.extend(rows.into_iter().map(told));
    }
    let (accounts, games, bets): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM games), (SELECT count(*) FROM bets)",
    )
    .fetch_one(pool)
    .await?;
    Ok(Audit { looked_at: format!("sums of {accounts} accounts, {games} games, {bets} bets"), differences })
}
