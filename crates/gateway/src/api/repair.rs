//! What was probably brought in wrongly, and what mends it.

use std::collections::HashMap;

use loljoa_proto::{betting::v1 as betting, league_schedule::v1 as pb};
use loljoa_service_kit::{Error, MatchId, Points};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    league::Match,
    optional_id, required,
    stakes::{Names, StakedMarket},
};

/// What is odd about matches.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SuspectKind {
    /// The same teams play twice within a day of one tournament.
    SamePair,
    /// A team plays two matches that begin within an hour.
    TwoPlaces,
    /// There is a result more than a day before the start.
    ResultBeforeStart,
    /// The block of the match counts for nothing in the table.
    CountsForNothing,
}

/// What would become of the stakes on a match if it were removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Staked {
    markets: i32,
    pool: Points,
    given_back: Points,
    on: Vec<StakedMarket>,
}

impl Staked {
    /// By match, what betting says of the markets that removals would touch, with the names of their bettors.
    pub(crate) fn by_match(
        markets: Vec<betting::TouchedMarket>,
        names: &Names,
    ) -> Result<HashMap<String, Self>, Error> {
        let mut by_match: HashMap<_, Self> = HashMap::new();
        for market in markets {
            let staked = by_match.entry(market.match_id.clone()).or_default();
            staked.markets += 1;
            staked.pool.0 += market.pool;
            staked.given_back.0 += market.given_back;
            if market.pool > 0 {
                staked.on.push(StakedMarket::new(market, names)?);
            }
        }
        Ok(by_match)
    }
}

/// A match that is odd, and what is staked on it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuspectMatch {
    #[serde(rename = "match")]
    found: Match,
    /// So many of its markets would end with it.
    markets: i32,
    /// All stakes on these. While there are any, the match cannot be removed.
    #[schema(value_type = i64)]
    pool: Points,
    /// So many of them would go back to their bettors if it were cancelled.
    #[schema(value_type = i64)]
    given_back: Points,
    /// Those of its markets that have stakes, and whose they are.
    staked: Vec<StakedMarket>,
}

/// One or two matches that are odd, and what would mend them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suspect {
    kind: SuspectKind,
    /// One or two, the earlier first.
    matches: Vec<SuspectMatch>,
    /// What is odd, in words.
    what: String,
    /// What would mend it, in words.
    remedy: String,
    /// What that would change, in words.
    effect: String,
    /// The match to remove, where that is the remedy.
    #[schema(value_type = Option<Uuid>)]
    remove_id: Option<MatchId>,
}

impl Suspect {
    fn new(suspect: pb::Suspect, staked: &HashMap<String, Staked>) -> Result<Self, Error> {
        let matches = suspect.matches.iter().map(|found| {
            let Staked { markets, pool, given_back, on } =
                staked.get(&found.match_id).cloned().unwrap_or_default();
            Ok(SuspectMatch { found: found.clone().try_into()?, markets, pool, given_back, staked: on })
        });
        Ok(Self {
            kind: kind(suspect.kind())?,
            matches: matches.collect::<Result<_, Error>>()?,
            remove_id: optional_id(&suspect.remove_id)?,
            what: suspect.what,
            remedy: suspect.remedy,
            effect: suspect.effect,
        })
    }
}

fn kind(kind: pb::SuspectKind) -> Result<SuspectKind, Error> {
    Ok(match kind {
        pb::SuspectKind::Unspecified => return Err(Error::internal("a suspect without a kind")),
        pb::SuspectKind::SamePair => SuspectKind::SamePair,
        pb::SuspectKind::TwoPlaces => SuspectKind::TwoPlaces,
        pb::SuspectKind::ResultBeforeStart => SuspectKind::ResultBeforeStart,
        pb::SuspectKind::CountsForNothing => SuspectKind::CountsForNothing,
    })
}

/// Matches that were probably brought in wrongly.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suspects {
    /// Latest first, up to 200.
    items: Vec<Suspect>,
    /// How many more there are.
    left_out: i32,
}

impl Suspects {
    /// What league-schedule finds, with what betting says is staked on it.
    pub(crate) fn new(
        found: pb::ListSuspectsResponse,
        staked: &HashMap<String, Staked>,
    ) -> Result<Self, Error> {
        let items = found.suspects.into_iter().map(|suspect| Suspect::new(suspect, staked));
        Ok(Self { items: items.collect::<Result<_, _>>()?, left_out: found.suspects_left_out })
    }
}

/// A match that was removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedMatch {
    /// Cancelled; it is shown nowhere any more.
    removed: Match,
    /// The match that stays in its place, if there is one.
    kept: Option<Match>,
}

impl TryFrom<pb::RemoveMatchResponse> for RemovedMatch {
    type Error = Error;

    fn try_from(done: pb::RemoveMatchResponse) -> Result<Self, Error> {
        Ok(Self {
            removed: required(done.r#match)?.try_into()?,
            kept: done.kept.map(Match::try_from).transpose()?,
        })
    }
}
