//! What an import would do to markets.

use std::collections::HashMap;

use loljoa_proto::{
    betting::v1::{
        MarketEffect, PreviewMatchesRequest, TouchedMarket,
        market_admin_service_client::MarketAdminServiceClient,
    },
    league_schedule::v1::ImportSeasonResponse,
};
use url::Url;

use crate::{
    cli::{
        bettors::{self, Accounts},
        connect::{Target, answer},
    },
    console,
    system::Service,
};

/// Asks betting, at `betting` unless all services of `target` are known, and says what becomes of each market and whose
/// stakes are on it.
pub(super) async fn tell(
    report: &ImportSeasonResponse,
    target: &Target,
    betting: Option<Url>,
    accounts: &Accounts,
) -> anyhow::Result<()> {
    let at_betting = match betting {
        Some(url) => target.clone().at(url),
        None if target.is_up() => target.clone(),
        None => {
            console::say("What becomes of markets is known to betting: --betting-grpc names its address.");
            return Ok(());
        }
    };
    let changed =
        report.changed_matches.iter().filter_map(|changed| Some((changed, changed.r#match.as_ref()?)));
    let lines: HashMap<_, _> =
        changed.clone().map(|(changed, m)| (m.match_id.as_str(), changed.line)).collect();
    let matches: Vec<_> = changed.map(|(_, m)| m.clone()).collect();
    let request = PreviewMatchesRequest { matches, questions: report.changed_questions.clone() };
    let look = async |channel| {
        let mut client = MarketAdminServiceClient::new(channel);
        console::step("looking at markets", async { answer(client.preview_matches(request).await) }).await
    };
    let markets = at_betting.as_admin(Service::Betting, look).await?.markets;
    let names = accounts.names(target, &markets).await;
    for market in &markets {
        console::say(describe(lines.get(market.match_id.as_str()).copied(), market));
        bettors::tell(market, &names);
    }
    if markets.is_empty() {
        console::say("No market changes.");
    }
    if report.changed_matches_left_out > 0 {
        let left_out = report.changed_matches_left_out;
        console::say(format_args!("Markets of {left_out} more matches were not looked at."));
    }
    if report.changed_questions_left_out > 0 {
        let left_out = report.changed_questions_left_out;
        console::say(format_args!("Markets of {left_out} more questions about stages were not looked at."));
    }
    Ok(())
}

/// Many lines make a question about a stage, so none is told.
pub(in crate::cli) fn describe(line: Option<i32>, market: &TouchedMarket) -> String {
    let becomes = match market.effect() {
        MarketEffect::Opens => "opens",
        MarketEffect::Withdrawn => "is withdrawn",
        MarketEffect::Voided => "becomes void",
        MarketEffect::Locks => "locks",
        MarketEffect::Reopens => "opens again",
        MarketEffect::LockMoves => "locks at another time",
        MarketEffect::Settles => "is paid out",
        MarketEffect::NeedsPerson => "has ended in another way, which stays, and a person is told",
        MarketEffect::Unspecified => "?",
    };
    let TouchedMarket { question_en, pool, given_back, .. } = market;
    let stakes = match (pool, given_back) {
        (0, _) => String::new(),
        (pool, 0) => format!("; {pool} points are staked on it"),
        (pool, back) => format!("; {back} of {pool} points go back"),
    };
    let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{line}{question_en}: {becomes}{stakes}")
}
