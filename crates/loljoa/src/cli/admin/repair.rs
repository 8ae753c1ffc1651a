use std::collections::{BTreeMap, HashMap, HashSet};

use clap::{Args, Subcommand};
use loljoa_proto::{
    betting::v1::{
        MarketEffect, PreviewMatchesRequest, TouchedMarket,
        market_admin_service_client::MarketAdminServiceClient,
    },
    league_schedule::v1::{
        ListSuspectsRequest, Match, MatchState, Question, RemoveMatchRequest, Suspect, SuspectKind,
        league_admin_service_client::LeagueAdminServiceClient,
    },
};
use loljoa_service_kit::MatchId;
use url::Url;

use super::league::describe;
use crate::{
    cli::{
        bettors::{self, Accounts},
        connect::{Target, answer},
        import::preview,
    },
    console::{say, table},
    system::Service,
};

const HEADER: [&str; 5] = ["what", "match", "state", "markets", "staked"];

/// What admins do about what was brought in wrongly.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Remove a match that never was, while nothing is staked on it
    Remove(Remove),
    /// Show matches that were probably brought in wrongly, and what would mend them
    Suspects(Services),
}

#[derive(Args)]
pub(super) struct Remove {
    /// The match
    #[arg(value_parser = MatchId::parse)]
    match_id: MatchId,
    /// The match that stays, of which it is a double: it takes the result if it has none
    #[arg(long, value_name = "MATCH_ID", value_parser = MatchId::parse)]
    in_favour_of: Option<MatchId>,
    #[command(flatten)]
    services: Services,
}

#[derive(Args)]
pub(super) struct Services {
    #[command(flatten)]
    target: Target,
    /// With --grpc: betting's gRPC address, to tell what is staked
    #[arg(long, value_name = "URL", requires = "grpc")]
    betting_grpc: Option<Url>,
    #[command(flatten)]
    accounts: Accounts,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Remove(remove) => remove.run().await,
        Command::Suspects(services) => suspects(services).await,
    }
}

impl Remove {
    /// Removes the match once betting has said that nothing is staked on it. A bet that is placed meanwhile goes back: its market becomes
    /// void.
    async fn run(self) -> anyhow::Result<()> {
        let match_id = self.match_id.to_string();
        let in_favour_of = self.in_favour_of.map(|id| id.to_string()).unwrap_or_default();
        let request = RemoveMatchRequest { match_id, in_favour_of, dry_run: false };
        let Services { target, betting_grpc, accounts } = self.services;
        let remove = async |request| {
            let remove =
                async |channel| answer(LeagueAdminServiceClient::new(channel).remove_match(request).await);
            target.as_admin(Service::LeagueSchedule, remove).await
        };
        anyhow::ensure!(
            target.is_up() || betting_grpc.is_some(),
            "what is staked on the match is known to betting: --betting-grpc names its address"
        );
        let ahead = remove(RemoveMatchRequest { dry_run: true, ..request.clone() }).await?;
        let (matches, questions) = (ahead.r#match.into_iter().collect(), ahead.changed_questions);
        let changes = PreviewMatchesRequest { matches, questions };
        let markets = touched(&target, betting_grpc.as_ref(), changes).await?;
        if let Some(why) = in_the_way(&request.match_id, &markets) {
            tell_stakes(&target, &accounts, &markets).await;
            anyhow::bail!(why);
        }
        let done = remove(request).await?;
        say("The match is removed.");
        if let Some(kept) = &done.kept {
            say(format_args!("It stays: {}", describe(kept)));
        }
        Ok(())
    }
}

/// What is staked on the match, or on a question about its stage that would be asked no more or otherwise.
fn in_the_way(match_id: &str, markets: &[TouchedMarket]) -> Option<String> {
    let (own, others): (Vec<_>, Vec<_>) = markets.iter().partition(|market| market.match_id == match_id);
    let staked: i64 = own.iter().map(|market| market.pool).sum();
    if staked > 0 {
        return Some(format!("{staked} points are staked on the match"));
    }
    let ends =
        |market: &&&TouchedMarket| matches!(market.effect(), MarketEffect::Withdrawn | MarketEffect::Voided);
    let staked: i64 = others.iter().filter(ends).map(|market| market.pool).sum();
    (staked > 0).then(|| format!("{staked} points are staked on questions about its stage that would end"))
}

async fn suspects(Services { target, betting_grpc, accounts }: Services) -> anyhow::Result<()> {
    let list = async |channel| {
        answer(LeagueAdminServiceClient::new(channel).list_suspects(ListSuspectsRequest {}).await)
    };
    let found = target.as_admin(Service::LeagueSchedule, list).await?;
    if found.suspects.is_empty() {
        say("Nothing is suspect.");
        return Ok(());
    }
    let matches = found.suspects.iter().flat_map(|suspect| &suspect.matches);
    let matches: BTreeMap<_, _> = matches.map(|found| (&found.match_id, cancelled(found))).collect();
    let markets = if target.is_up() || betting_grpc.is_some() {
        let questions = questions(&found.suspects);
        let changes = PreviewMatchesRequest { matches: matches.into_values().collect(), questions };
        Some(touched(&target, betting_grpc.as_ref(), changes).await?)
    } else {
        None
    };
    let staked = markets.as_deref().map(by_match);
    let header = HEADER.map(str::to_owned).to_vec();
    let rows = found.suspects.iter().flat_map(|suspect| rows(suspect, staked.as_ref()));
    say(table(&std::iter::once(header).chain(rows).collect::<Vec<_>>()));
    for Suspect { what, remedy, effect, changed_questions, .. } in &found.suspects {
        say(format_args!("{what}: {remedy}; {effect}."));
        let ids: HashSet<_> = changed_questions.iter().map(|question| &question.question_id).collect();
        let about_stages = markets.iter().flatten().filter(|market| ids.contains(&market.match_id));
        for market in about_stages {
            say(format_args!("  {}", preview::describe(None, market)));
        }
    }
    if let Some(markets) = &markets {
        tell_stakes(&target, &accounts, markets).await;
    }
    if found.suspects_left_out > 0 {
        say(format_args!("{} more are not told.", found.suspects_left_out));
    }
    if staked.is_none() {
        say("What is staked is known to betting: --betting-grpc names its address.");
    }
    Ok(())
}

/// Questions about stages that removals would change. One that several would change is told as the first would.
fn questions(suspects: &[Suspect]) -> Vec<Question> {
    let mut asked = HashSet::new();
    let questions = suspects.iter().flat_map(|suspect| &suspect.changed_questions);
    questions.filter(|question| asked.insert(&question.question_id)).cloned().collect()
}

/// What betting says of the markets that these changes would touch.
async fn touched(
    target: &Target,
    betting: Option<&Url>,
    changes: PreviewMatchesRequest,
) -> anyhow::Result<Vec<TouchedMarket>> {
    let look = async |channel| answer(MarketAdminServiceClient::new(channel).preview_matches(changes).await);
    let answered = match betting {
        Some(url) => target.clone().at(url.clone()).as_admin(Service::Betting, look).await?,
        None => target.as_admin(Service::Betting, look).await?,
    };
    Ok(answered.markets)
}

/// Says of each of these markets what is staked on it, and by whom.
async fn tell_stakes(target: &Target, accounts: &Accounts, markets: &[TouchedMarket]) {
    let names = accounts.names(target, markets).await;
    for market in markets.iter().filter(|market| market.pool > 0) {
        let TouchedMarket { match_id, question_en, pool, .. } = market;
        say(format_args!("{match_id}: {question_en}: {pool} points"));
        bettors::tell(market, &names);
    }
}

/// A match as betting would hear of it, were it removed.
fn cancelled(found: &Match) -> Match {
    let (winner_id, forfeited_by_id) = (String::new(), String::new());
    Match { state: MatchState::Cancelled.into(), winner_id, forfeited_by_id, ..found.clone() }
}

/// How many markets, and what is staked on them.
fn by_match(markets: &[TouchedMarket]) -> HashMap<&str, (usize, i64)> {
    let mut by_match: HashMap<_, (usize, i64)> = HashMap::new();
    for market in markets {
        let (count, pool) = by_match.entry(market.match_id.as_str()).or_default();
        *count += 1;
        *pool += market.pool;
    }
    by_match
}

fn rows(suspect: &Suspect, staked: Option<&HashMap<&str, (usize, i64)>>) -> Vec<Vec<String>> {
    let kind = match suspect.kind() {
        SuspectKind::SamePair => "the same pair twice",
        SuspectKind::TwoPlaces => "a team in two places",
        SuspectKind::ResultBeforeStart => "a result before the start",
        SuspectKind::CountsForNothing => "counts for nothing",
        SuspectKind::Unspecified => "?",
    };
    let row = |(place, found): (usize, &Match)| {
        let (markets, pool) = match staked {
            None => ("?".to_owned(), "?".to_owned()),
            Some(staked) => {
                let (markets, pool) = staked.get(found.match_id.as_str()).copied().unwrap_or_default();
                (markets.to_string(), pool.to_string())
            }
        };
        let kind = if place == 0 { kind } else { "" };
        vec![kind.to_owned(), found.match_id.clone(), describe(found), markets, pool]
    };
    suspect.matches.iter().enumerate().map(row).collect()
}
