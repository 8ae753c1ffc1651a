//! What was probably brought in wrongly, and what mends it.

use std::collections::HashMap;

use loljoa_proto::{betting::v1 as betting, league_schedule::v1 as pb};
use loljoa_service_kit::{Error, MatchId, Points};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    import::TouchedMarket,
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

/// What betting says of markets that removals would touch, by the match or question that they are about.
type Touched = HashMap<String, Vec<betting::TouchedMarket>>;

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
    /// Markets about whole stages that would be touched if it were removed.
    stage_markets: Vec<TouchedMarket>,
}

impl SuspectMatch {
    fn new(found: pb::Match, touched: &Touched, names: &Names) -> Result<Self, Error> {
        let markets = touched.get(&found.match_id).map_or(&[][..], Vec::as_slice);
        Ok(Self {
            markets: i32::try_from(markets.len()).unwrap_or(i32::MAX),
            pool: Points(markets.iter().map(|market| market.pool).sum()),
            given_back: Points(markets.iter().map(|market| market.given_back).sum()),
            staked: markets
                .iter()
                .filter(|market| market.pool > 0)
                .map(|market| StakedMarket::new(market.clone(), names))
                .collect::<Result<_, _>>()?,
            found: found.try_into()?,
        })
    }
}

impl Suspect {
    fn new(suspect: pb::Suspect, touched: &Touched, names: &Names) -> Result<Self, Error> {
        let matches = suspect.matches.iter().map(|found| SuspectMatch::new(found.clone(), touched, names));
        let questions = suspect.changed_questions.iter();
        let stage_markets = questions.filter_map(|question| touched.get(&question.question_id)).flatten();
        Ok(Self {
            kind: kind(suspect.kind())?,
            matches: matches.collect::<Result<_, Error>>()?,
            stage_markets: stage_markets
                .map(|market| TouchedMarket::new(None, market.clone(), names))
                .collect::<Result<_, Error>>()?,
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
        touched: &Touched,
        names: &Names,
    ) -> Result<Self, Error> {
        let items = found.suspects.into_iter().map(|suspect| Suspect::new(suspect, touched, names));
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
