//! The report of an import.

use loljoa_proto::{betting::v1 as betting, league_schedule::v1 as league};
use loljoa_service_kit::{Error, MarketId, MatchId, Points};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Text, all, id, present,
    stakes::{self, Names, Stake},
    standings::TournamentStandings,
};

/// What an import did with a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportAction {
    Added,
    Changed,
    Unchanged,
    Refused,
}

/// What became of one line of an imported file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportLine {
    /// From 1, as an editor counts; 0 speaks of the file as a whole.
    line: i32,
    action: ImportAction,
    /// What the line is about.
    subject: String,
    /// For changed and refused lines: what and why.
    message: String,
    /// What is odd about the line, though it can be; null when nothing is.
    warning: Option<String>,
}

/// What would become of a market.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarketEffect {
    /// It is new, and takes bets.
    Opens,
    /// Its question is asked no more, or otherwise: every stake goes back.
    Withdrawn,
    /// The match is not played: every stake goes back.
    Voided,
    /// It takes no bets from now on.
    Locks,
    /// It takes bets again.
    Reopens,
    /// It takes bets until another time, or has taken them until another time.
    LockMoves,
    /// It is paid out.
    Settles,
    /// It has ended in another way, which stays; an incident will say so.
    NeedsPerson,
}

/// A market that a change would touch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TouchedMarket {
    /// The line of a file that changes its match; null for a question about a stage, which many lines make.
    line: Option<i32>,
    /// Its match, or its question about a stage.
    #[schema(value_type = Uuid)]
    match_id: MatchId,
    /// That of a market which opens is the one that it will have.
    #[schema(value_type = Uuid)]
    market_id: MarketId,
    question: Text,
    effect: MarketEffect,
    /// All stakes on it now.
    #[schema(value_type = i64)]
    pool: Points,
    /// So many of them go back to their bettors.
    #[schema(value_type = i64)]
    given_back: Points,
    /// So many accounts have staked the pool. Beyond 128 for an answer, some may count once for each answer that they have bet on.
    bettors: i64,
    /// The largest of them, the largest first; up to 10.
    stakes: Vec<Stake>,
}

impl TouchedMarket {
    /// A market whose match a file changes in `line`, with the names of its bettors.
    pub(crate) fn new(
        line: Option<i32>,
        market: betting::TouchedMarket,
        names: &Names,
    ) -> Result<Self, Error> {
        Ok(Self {
            line,
            match_id: id(&market.match_id)?,
            market_id: id(&market.market_id)?,
            effect: effect(market.effect())?,
            question: Text { en: market.question_en, ko: market.question_ko },
            pool: Points(market.pool),
            given_back: Points(market.given_back),
            bettors: market.bettors,
            stakes: stakes::named(&market.stakes, names)?,
        })
    }
}

fn effect(effect: betting::MarketEffect) -> Result<MarketEffect, Error> {
    Ok(match effect {
        betting::MarketEffect::Unspecified => return Err(Error::internal("a market without an effect")),
        betting::MarketEffect::Opens => MarketEffect::Opens,
        betting::MarketEffect::Withdrawn => MarketEffect::Withdrawn,
        betting::MarketEffect::Voided => MarketEffect::Voided,
        betting::MarketEffect::Locks => MarketEffect::Locks,
        betting::MarketEffect::Reopens => MarketEffect::Reopens,
        betting::MarketEffect::LockMoves => MarketEffect::LockMoves,
        betting::MarketEffect::Settles => MarketEffect::Settles,
        betting::MarketEffect::NeedsPerson => MarketEffect::NeedsPerson,
    })
}

/// What an import did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// The first 5,000; of more, refused ones before odd ones before all others, in the file's order.
    lines: Vec<ImportLine>,
    /// How many lines are not told.
    lines_left_out: i32,
    added: i32,
    changed: i32,
    unchanged: i32,
    refused: i32,
    /// How many lines are odd.
    warned: i32,
    /// False for a dry run and for a file with refused lines.
    applied: bool,
    /// Of a dry run without refused lines: what would become of markets on matches that are known already, and of those about whole
    /// stages. Empty otherwise.
    markets: Vec<TouchedMarket>,
    /// How many changed matches of a dry run were not looked at for that: only the first 1,000 are.
    matches_left_out: i32,
    /// The same of questions about stages.
    questions_left_out: i32,
    /// Of a dry run without refused lines: the tables that would come out, of the first 20 tournaments. Empty otherwise.
    standings: Vec<TournamentStandings>,
    /// How many tournaments more there are.
    standings_left_out: i32,
}

impl ImportReport {
    /// What an import did or would do, and what that would do to markets.
    pub(crate) fn new(
        report: league::ImportSeasonResponse,
        markets: Vec<TouchedMarket>,
    ) -> Result<Self, Error> {
        Ok(Self {
            markets,
            matches_left_out: report.changed_matches_left_out,
            questions_left_out: report.changed_questions_left_out,
            lines: report.lines.into_iter().map(import_line).collect(),
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            refused: report.refused,
            warned: report.warned,
            lines_left_out: report.lines_left_out,
            applied: report.applied,
            standings: all(report.standings)?,
            standings_left_out: report.standings_left_out,
        })
    }
}

fn import_line(line: league::ImportLine) -> ImportLine {
    let action = match line.action() {
        league::ImportAction::Added => ImportAction::Added,
        league::ImportAction::Changed => ImportAction::Changed,
        league::ImportAction::Unchanged => ImportAction::Unchanged,
        league::ImportAction::Refused | league::ImportAction::Unspecified => ImportAction::Refused,
    };
    ImportLine {
        line: line.line,
        action,
        subject: line.subject,
        message: line.message,
        warning: present(line.warning),
    }
}
