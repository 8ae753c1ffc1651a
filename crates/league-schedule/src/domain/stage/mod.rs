//! The parts of a tournament, each with an order of its own: a round robin, groups, a Swiss stage, a bracket.
//!
//! A season file may say them. Where none does, they are read off the blocks of the matches ([`infer()`]).

mod blocks;
mod infer;

use std::collections::BTreeSet;

use loljoa_service_kit::TeamId;
use serde::{Deserialize, Serialize};

use super::{Match, season::words};

pub use blocks::{is_tiebreaker, is_week, tells_its_stage};
pub use infer::infer;

/// So many wins lead on from a Swiss stage, and as many losses out of it, unless it says otherwise.
pub const SWISS_ENDS: u8 = 3;

/// A part of a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Unique in its tournament, such as `Playoffs`.
    pub name: String,
    /// How it is played.
    pub kind: Kind,
    /// Its matches are those of these blocks.
    pub blocks: Vec<String>,
    /// What separates teams with as many wins, in this order.
    pub tiebreakers: Vec<Tiebreaker>,
    /// Stages whose results count in this one, too.
    pub carries: Vec<Carried>,
    /// Teams as they came in, best first.
    pub seeds: Vec<TeamId>,
    /// How many matches it has in all, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_matches: Option<u32>,
}

/// How a stage is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Every team meets every other this often.
    RoundRobin {
        /// 1 or 2.
        meetings: u8,
    },
    /// Every group has a table of its own.
    Groups(Vec<Group>),
    /// Teams meet others with as many wins, until they have enough wins or too many losses.
    Swiss {
        /// So many wins lead on.
        advance_at: u8,
        /// So many losses lead out.
        out_at: u8,
    },
    /// Who loses is out, or falls to the lower rounds.
    Bracket(Vec<Round>),
}

/// Teams with a table of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Such as `Legend`.
    pub name: String,
    /// Who is in it.
    pub teams: Vec<TeamId>,
}

/// A round of a bracket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// What it is called.
    pub name: String,
    /// The block of its matches.
    pub block: String,
    /// Where it stands.
    pub side: BracketSide,
    /// Whether its losers are out.
    pub eliminates: bool,
}

/// Where a round of a bracket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BracketSide {
    /// Among teams that have not lost yet; all rounds of a bracket without lower ones.
    Upper,
    /// Among teams that have lost once.
    Lower,
    /// It decides the bracket.
    Final,
    /// For a place behind the final, such as the third.
    Placement,
}

/// A stage whose results count elsewhere, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The tournament; `None` for the same.
    pub tournament: Option<String>,
    /// The stage's name.
    pub stage: String,
}

/// What separates teams with as many wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tiebreaker {
    /// Games won minus games lost.
    GameDifference,
    /// Games won.
    GameWins,
    /// Fewer matches lost.
    Losses,
    /// Matches won against the others who are level, once all of them have met equally often.
    HeadToHead,
    /// Games won minus games lost in those.
    HeadToHeadGames,
    /// Matches of the blocks that begin with `Tiebreaker`.
    TiebreakerMatch,
    /// Matches won by the teams that were played.
    OpponentWins,
    /// Matches won by the teams that were beaten.
    StrengthOfVictory,
    /// The order in which teams came in.
    Seed,
}

impl Tiebreaker {
    /// Every one, by the name that season files have for it.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("gameDifference", Self::GameDifference),
        ("gameWins", Self::GameWins),
        ("losses", Self::Losses),
        ("headToHead", Self::HeadToHead),
        ("headToHeadGames", Self::HeadToHeadGames),
        ("tiebreakerMatch", Self::TiebreakerMatch),
        ("opponentWins", Self::OpponentWins),
        ("strengthOfVictory", Self::StrengthOfVictory),
        ("seed", Self::Seed),
    ];

    /// Its name in season files.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, tiebreaker)| *tiebreaker == self).map_or("", |(name, _)| *name)
    }

    /// The rules of a kind for which nobody has said others. Of a round robin those of the LCK: game difference, then the results
    /// against each other; a tiebreaker is played only when these leave teams level, so one that was played comes first.
    #[must_use]
    pub fn usual(kind: &Kind) -> Vec<Self> {
        match kind {
            Kind::RoundRobin { .. } | Kind::Groups(_) => {
                vec![Self::GameDifference, Self::TiebreakerMatch, Self::HeadToHead]
            }
            Kind::Swiss { .. } => vec![Self::OpponentWins, Self::GameDifference, Self::HeadToHead],
            Kind::Bracket(_) => Vec::new(),
        }
    }
}

impl Kind {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RoundRobin { meetings: 2 } => "doubleRoundRobin",
            Self::RoundRobin { .. } => "roundRobin",
            Self::Groups(_) => "groups",
            Self::Swiss { .. } => "swiss",
            Self::Bracket(_) => "bracket",
        }
    }
}

impl Stage {
    /// Whether a match is one of this stage.
    #[must_use]
    pub fn has(&self, m: &Match) -> bool {
        let block = words::fold(&m.block);
        self.blocks.iter().any(|own| words::fold(own) == block)
    }

    /// Its matches among these.
    pub fn matches<'a>(&self, all: &'a [Match]) -> impl Iterator<Item = &'a Match> + use<'a> {
        let blocks: BTreeSet<String> = self.blocks.iter().map(|block| words::fold(block)).collect();
        all.iter().filter(move |m| blocks.contains(&words::fold(&m.block)))
    }
}
