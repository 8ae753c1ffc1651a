//! The questions that are asked of every match, and which answer its result makes right.

use loljoa_service_kit::{MarketId, MatchId, OutcomeId, ids};

use super::{Outcome, Team, Template};

/// A market to be opened. Its ids follow from the match, so that replicas which open it at the same time agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarketDraft {
    /// Its id.
    pub(crate) market_id: MarketId,
    /// What it asks.
    pub(crate) template: Template,
    /// In English.
    pub(crate) question_en: String,
    /// In Korean.
    pub(crate) question_ko: String,
    /// Its answers, in order.
    pub(crate) outcomes: Vec<OutcomeDraft>,
}

/// An answer of a market to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutcomeDraft {
    /// Its id.
    pub(crate) outcome_id: OutcomeId,
    /// What it stands for.
    pub(crate) key: String,
    /// In English.
    pub(crate) label_en: String,
    /// In Korean.
    pub(crate) label_ko: String,
}

/// The id of a market's answer.
#[must_use]
pub(crate) fn outcome_id(market: MarketId, key: &str) -> OutcomeId {
    OutcomeId(ids::derived(&[b"outcome", market.0.as_bytes(), key.as_bytes()]))
}

/// Sets that win a match.
const fn sets_to_win(best_of: u8) -> u8 {
    best_of / 2 + 1
}

/// Whether a match of `best_of` can end so.
#[must_use]
pub(crate) fn is_final_score(best_of: u8, [one, two]: [u8; 2]) -> bool {
    one.max(two) == sets_to_win(best_of) && one.min(two) < sets_to_win(best_of)
}

/// Every template market of a match; a template with a single answer is left out.
#[must_use]
pub(crate) fn drafts(match_id: MatchId, best_of: u8, teams: &[Team; 2]) -> Vec<MarketDraft> {
    let [one, two] = teams.each_ref().map(|team| team.code.as_str());
    let winner = teams.each_ref().map(|team| (team.code.clone(), team.name_en.clone(), team.name_ko.clone()));
    let scores = scores(best_of).into_iter().map(|[a, b]| {
        let label = format!("{one} {a}–{b} {two}");
        (format!("{a}-{b}"), label.clone(), label)
    });
    let sets = (sets_to_win(best_of)..=best_of).map(|n| {
        let plural = if n == 1 { "" } else { "s" };
        (n.to_string(), format!("{n} set{plural}"), format!("{n}세트"))
    });
    let ask = |template, en: &str, ko: &str, answers: Vec<_>| {
        draft(match_id, template, format!("{one}–{two}: {en}"), format!("{one}–{two} {ko}"), answers)
    };
    let mut markets = vec![
        ask(Template::MatchWinner, "who wins the match?", "승부예측", winner.into()),
        ask(Template::ExactScore, "what is the set score?", "세트 스코어", scores.collect()),
        ask(Template::TotalSets, "how many sets are played?", "총 세트 수", sets.collect()),
    ];
    markets.retain(|market| market.outcomes.len() > 1);
    markets
}

fn scores(best_of: u8) -> Vec<[u8; 2]> {
    let win = sets_to_win(best_of);
    let mut scores: Vec<_> = (0..win).map(|lost| [win, lost]).collect();
    scores.extend((0..win).rev().map(|won| [won, win]));
    scores
}

fn draft(
    match_id: MatchId,
    template: Template,
    question_en: String,
    question_ko: String,
    answers: Vec<(String, String, String)>,
) -> MarketDraft {
    let id = ids::derived(&[b"market", match_id.0.as_bytes(), template.as_str().as_bytes()]);
    let market_id = MarketId(id);
    let outcomes = answers.into_iter().map(|(key, label_en, label_ko)| OutcomeDraft {
        outcome_id: outcome_id(market_id, &key),
        key,
        label_en,
        label_ko,
    });
    MarketDraft { market_id, template, question_en, question_ko, outcomes: outcomes.collect() }
}

/// The answer that a result makes right; none where it is no answer, and for a custom market.
#[must_use]
pub(crate) fn right_answer(
    template: Template,
    outcomes: &[Outcome],
    [one, two]: [u8; 2],
) -> Option<&Outcome> {
    let by_key = |key: String| outcomes.iter().find(|outcome| outcome.key == key);
    match template {
        Template::MatchWinner => outcomes.get(usize::from(two > one)),
        Template::ExactScore => by_key(format!("{one}-{two}")),
        Template::TotalSets => by_key((one + two).to_string()),
        Template::Custom => None,
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::TeamId;

    use super::*;

    fn keys(best_of: u8) -> Vec<Vec<String>> {
        let teams = ["T1", "GEN"].map(|code| Team {
            team_id: TeamId::fresh(),
            code: code.into(),
            name_en: code.into(),
            name_ko: code.into(),
        });
        let markets = drafts(MatchId::fresh(), best_of, &teams);
        markets.into_iter().map(|market| market.outcomes.into_iter().map(|o| o.key).collect()).collect()
    }

    #[test]
    fn a_best_of_three_asks_for_winner_score_and_sets() {
        assert_eq!(keys(3), [vec!["T1", "GEN"], vec!["2-0", "2-1", "1-2", "0-2"], vec!["2", "3"]]);
    }

    #[test]
    fn a_best_of_one_does_not_ask_for_sets() {
        assert_eq!(keys(1), [vec!["T1", "GEN"], vec!["1-0", "0-1"]]);
    }

    #[test]
    fn a_best_of_five_can_end_in_six_ways() {
        assert_eq!(keys(5)[1], ["3-0", "3-1", "3-2", "2-3", "1-3", "0-3"]);
        assert_eq!(keys(5)[2], ["3", "4", "5"]);
    }

    #[test]
    fn a_score_is_final_when_exactly_one_side_has_won() {
        assert!(is_final_score(3, [2, 1]));
        for score in [[1, 1], [2, 2], [3, 0], [0, 0]] {
            assert!(!is_final_score(3, score));
        }
    }
}
