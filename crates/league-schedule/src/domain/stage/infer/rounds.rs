//! The rounds of a bracket.

use loljoa_service_kit::TeamId;

use super::meetings::pair;
use crate::domain::{
    Match,
    season::words,
    stage::{BracketSide, Round},
};

/// The rounds of a bracket, in the order in which they begin.
pub(super) fn rounds(games: &[&Match]) -> Vec<Round> {
    let mut blocks: Vec<&str> = Vec::new();
    for m in games {
        if !blocks.contains(&m.block.as_str()) {
            blocks.push(&m.block);
        }
    }
    let sides: Vec<_> = blocks.iter().map(|block| side(block)).collect();
    let has_lower = sides.contains(&BracketSide::Lower);
    let round = |(block, side): (&&str, &BracketSide)| Round {
        name: (*block).to_owned(),
        block: (*block).to_owned(),
        side: *side,
        eliminates: !has_lower || *side != BracketSide::Upper || nobody_falls_from(block, games),
    };
    blocks.iter().zip(&sides).map(round).collect()
}

/// Whether it is seen that losers of a round are out although there are lower rounds: all teams are known, and none of them has
/// another match.
fn nobody_falls_from(block: &str, games: &[&Match]) -> bool {
    let own = |m: &&&Match| m.block == block;
    let others: Vec<_> = games.iter().copied().filter(|m| m.block != block).collect();
    let loser = |m: &&Match| {
        let winner = m.winner_id?;
        [m.team1_id, m.team2_id].into_iter().flatten().find(|team| *team != winner)
    };
    let losers: Vec<_> = games.iter().filter(own).map(loser).collect();
    let begin = games.iter().filter(own).map(|m| m.starts_at).max();
    let all_known = others.iter().all(|m| pair(m).is_some());
    let plays_on = |loser: &TeamId| {
        others.iter().any(|m| m.side_of(*loser).is_some() && begin.is_some_and(|begin| m.starts_at > begin))
    };
    all_known && losers.iter().all(|loser| loser.is_some_and(|loser| !plays_on(&loser)))
}

fn side(block: &str) -> BracketSide {
    let lower = words::fold(block);
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["third place", "3rd place", "3위", "3·4위", "3-4위"]) {
        BracketSide::Placement
    } else if has(&["lower", "losers", "loser's", "패자"]) {
        BracketSide::Lower
    } else if has(&[
        "upper",
        "winners",
        "winner's",
        "승자",
        "semi",
        "quarter",
        "준결승",
        "4강",
        "8강",
        "round",
    ]) {
        BracketSide::Upper
    } else if has(&["final", "결승"]) {
        BracketSide::Final
    } else {
        BracketSide::Upper
    }
}
