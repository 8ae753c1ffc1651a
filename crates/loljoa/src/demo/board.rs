use std::collections::HashMap;

use loljoa_service_kit::{MarketId, MatchId, OutcomeId, TournamentId};
use serde::Deserialize;

use super::client::{Client, Failure};

/// Matches ahead that bettors care for: stakes come back soon, and pools are not thin.
const MATCHES_AHEAD: &str = "4";

/// What can be bet on now, the next match first, and what is known of the teams.
#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) markets: Vec<Market>,
    pub(super) records: HashMap<String, Record>,
}

/// A market that is open, and its two teams' codes.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) id: MarketId,
    pub(super) teams: [String; 2],
    pub(super) outcomes: Vec<Outcome>,
}

/// An answer: a team's code, a score such as `2-1`, a number of sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    pub(super) outcome_id: OutcomeId,
    pub(super) key: String,
}

/// How a team has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub(super) wins: u32,
    pub(super) losses: u32,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Match {
    #[serde(rename = "matchId")]
    id: MatchId,
    team1: Option<Team>,
    team2: Option<Team>,
}

#[derive(Deserialize)]
struct Team {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedMarket {
    market_id: MarketId,
    match_id: MatchId,
    state: String,
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tournament {
    tournament_id: TournamentId,
}

#[derive(Deserialize)]
struct Standing {
    team: Team,
    wins: u32,
    losses: u32,
}

impl Board {
    /// Looks at the next matches.
    pub(super) async fn fetch(client: &Client) -> Result<Self, Failure> {
        let ahead = [("state", "scheduled"), ("limit", MATCHES_AHEAD)];
        let matches: Page<Match> = client.get("/api/league/matches", &ahead).await?;
        let mut markets = Vec::new();
        for found in matches.items {
            markets.extend(open_markets(client, found).await?);
        }
        Ok(Self { markets, records: records(client).await? })
    }
}

async fn open_markets(client: &Client, of: Match) -> Result<Vec<Market>, Failure> {
    let (Some(team1), Some(team2)) = (of.team1, of.team2) else { return Ok(Vec::new()) };
    let match_id = of.id.to_string();
    let listed: Page<ListedMarket> = client.get("/api/betting/markets", &[("matchId", &match_id)]).await?;
    let open = listed.items.into_iter().filter(|market| market.match_id == of.id && market.state == "open");
    let market = |market: ListedMarket| Market {
        id: market.market_id,
        teams: [team1.code.clone(), team2.code.clone()],
        outcomes: market.outcomes,
    };
    Ok(open.map(market).collect())
}

/// Wins and losses of every team, over all tournaments.
async fn records(client: &Client) -> Result<HashMap<String, Record>, Failure> {
    let tournaments: Page<Tournament> = client.get("/api/league/tournaments", &[]).await?;
    let mut records = HashMap::<String, Record>::new();
    for tournament in tournaments.items {
        let id = tournament.tournament_id.to_string();
        let standings: Page<Standing> = client.get("/api/league/standings", &[("tournament", &id)]).await?;
        for standing in standings.items {
            let record = records.entry(standing.team.code).or_default();
            record.wins += standing.wins;
            record.losses += standing.losses;
        }
    }
    Ok(records)
}
