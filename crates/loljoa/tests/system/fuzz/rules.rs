//! What has to hold of matches and their markets once nothing is under way, said anew and without betting's own code.

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use uuid::Uuid;

use super::view::{Game, Market, View};

const TEMPLATES: [&str; 3] = ["match_winner", "exact_score", "total_sets"];

/// What does not hold, for a person. `locked` are markets that were locked by hand.
pub(super) fn broken(view: &View, locked: &HashSet<Uuid>) -> Vec<String> {
    let mut broken = Vec::new();
    for game in view.games.values() {
        let markets = view.of_match(game.match_id);
        let tell = |what: String| format!("{what}\n  of {game:?}");
        broken.extend(is_followed(view, game).map(tell));
        broken.extend(markets.iter().filter_map(|market| is_right(game, market)).map(tell));
        match game.state.as_str() {
            "completed" | "forfeited" | "cancelled" => {
                broken.extend(markets.iter().filter_map(|market| has_ended(game, market)).map(tell));
            }
            "scheduled" if game.starts_at > view.now => {
                broken.extend(is_asked(game, markets, locked).into_iter().map(tell));
            }
            _ => broken.extend(markets.iter().filter_map(takes_no_bets).map(tell)),
        }
    }
    broken
}

/// Betting has followed every change, and a match whose time has come has begun.
fn is_followed(view: &View, game: &Game) -> Option<String> {
    let followed = view.followed.get(&game.match_id);
    if followed != Some(&game.revision) {
        return Some(format!("betting has followed revision {followed:?}"));
    }
    let since = view.now - game.starts_at;
    let is_due = game.state == "scheduled" && game.teams().is_some();
    let overdue = is_due && since >= TimeDelta::zero() && since < TimeDelta::days(1);
    overdue.then(|| "the match has not begun".into())
}

/// A market that is not void asks what the match asks.
fn is_right(game: &Game, market: &Market) -> Option<String> {
    if market.state == "void" || market.is_custom() || market.is_told {
        return None;
    }
    if ["forfeited", "cancelled"].contains(&game.state.as_str()) {
        return None;
    }
    let Some(teams) = game.teams() else {
        return Some(format!("a question about teams that are to be decided: {market:?}"));
    };
    (!fits(game, teams, market)).then(|| format!("a question that does not fit: {market:?}"))
}

/// Whether the market asks what is asked of such a match between these teams.
fn fits(game: &Game, teams: [&str; 2], market: &Market) -> bool {
    asked(game.best_of, teams, &market.template) == Some(market.keys.iter().cloned().collect())
        && first_of(market, teams).is_some()
}

/// Nobody waits for an answer of a match that is over, and the answer is that of the match; otherwise a person is told.
fn has_ended(game: &Game, market: &Market) -> Option<String> {
    if market.is_custom() {
        let can_be_answered = game.state == "completed";
        return (!can_be_answered && !market.has_ended())
            .then(|| format!("a question about a match that is not played: {market:?}"));
    }
    if !market.has_ended() {
        return Some(format!("a market that waits for an answer that cannot come: {market:?}"));
    }
    let is_so = match game.state.as_str() {
        "completed" if market.withdrawn || market.is_void_for("admin") => true,
        // Everybody has the stake back, and nobody asks any more.
        "completed"
            if market.state == "void" && !game.teams().is_some_and(|teams| fits(game, teams, market)) =>
        {
            true
        }
        "completed" => market.answer.is_some() && market.answer == right_answer(game, market),
        _ => market.state == "void",
    };
    (!is_so && !market.is_told)
        .then(|| format!("another answer than the match's, and nobody is told: {market:?}"))
}

/// Every question of the match takes bets until it starts, once; unless an admin has locked it, or voided it.
fn is_asked(game: &Game, markets: &[Market], locked: &HashSet<Uuid>) -> Vec<String> {
    let mut broken = Vec::new();
    for market in markets.iter().filter(|market| market.is_open()) {
        if market.lock_at != game.starts_at {
            broken.push(format!("a lock that is not at the start: {market:?}"));
        }
    }
    for template in TEMPLATES {
        let of_template: Vec<_> = markets.iter().filter(|market| market.template == template).collect();
        let live: Vec<_> = of_template.iter().filter(|market| !market.has_ended()).collect();
        let is_asked = game.teams().and_then(|teams| asked(game.best_of, teams, template));
        let asks = |market: &Market| game.teams().is_some_and(|teams| fits(game, teams, market));
        let takes_bets = |market: &Market| market.is_open() || locked.contains(&market.market_id);
        let holds = match (is_asked, live.as_slice()) {
            (Some(_), [market]) => takes_bets(market) && asks(market),
            (Some(_), []) => of_template.last().is_some_and(|last| last.is_void_for("admin") && asks(last)),
            (None, []) => true,
            _ => false,
        };
        if !holds {
            broken.push(format!("{template} is not asked as the match asks it: {of_template:#?}"));
        }
    }
    broken
}

/// Nothing takes bets once the start has come.
fn takes_no_bets(market: &Market) -> Option<String> {
    market.is_open().then(|| format!("a market that takes bets after the start: {market:?}"))
}

/// The answers of a question; none where it is not asked.
fn asked(best_of: i16, teams: [&str; 2], template: &str) -> Option<BTreeSet<String>> {
    let most = best_of / 2 + 1;
    let lost = 0..most;
    match template {
        "match_winner" => Some(teams.map(str::to_owned).into()),
        "exact_score" => {
            Some(lost.flat_map(|lost| [format!("{most}-{lost}"), format!("{lost}-{most}")]).collect())
        }
        "total_sets" if best_of > 1 => Some((most..=best_of).map(|sets| sets.to_string()).collect()),
        _ => None,
    }
}

/// Which of the teams the market names first; none when it speaks of others.
fn first_of(market: &Market, [one, two]: [&str; 2]) -> Option<usize> {
    let names = |one, two| market.question_en.starts_with(&format!("{one}–{two}: "));
    if names(one, two) { Some(0) } else { names(two, one).then_some(1) }
}

/// The answer that the match gives, if the market has it.
fn right_answer(game: &Game, market: &Market) -> Option<String> {
    let first = first_of(market, game.teams()?)?;
    let mut wins = [game.team1_wins, game.team2_wins];
    wins.rotate_left(first);
    let answer = match market.template.as_str() {
        "match_winner" => game.winner.clone()?,
        "exact_score" => format!("{}-{}", wins[0], wins[1]),
        _ => (wins[0] + wins[1]).to_string(),
    };
    market.keys.contains(&answer).then_some(answer)
}
