//! The questions that are asked of every match, and which answer its result makes right.

use loljoa_service_kit::{Cell, MarketId, MatchId, OutcomeId, Slot, ids};

use super::{Market, Outcome, Team, Template, life::Answer};

/// A market to be opened. Its ids follow from the match and from how often it has been asked before, so that replicas which open it
/// at the same time agree.
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

impl MarketDraft {
    /// The same market of this match under an id that tells its slot, where there are several cells.
    #[must_use]
    pub(crate) fn in_cell(self, cell: Cell, match_id: MatchId) -> Self {
        if cell.is_alone() {
            return self;
        }
        let market_id = MarketId(Slot::of_match(match_id).stamp(self.market_id.0));
        let outcomes = self
            .outcomes
            .into_iter()
            .map(|outcome| OutcomeDraft { outcome_id: outcome_id(market_id, &outcome.key), ..outcome });
        Self { market_id, outcomes: outcomes.collect(), ..self }
    }
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

/// What a template asks of a match, or of a whole stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Which template.
    pub(crate) template: Template,
    /// With what every question about the same begins in English.
    begins: String,
    question_en: String,
    question_ko: String,
    /// Key, and labels in English and Korean, in order.
    answers: Vec<(String, String, String)>,
}

impl Question {
    /// What `template` asks about something, in English and Korean, with the answers' keys and labels in order.
    #[must_use]
    pub(crate) fn new(
        template: Template,
        about: &str,
        [en, ko]: [&str; 2],
        answers: Vec<(String, String, String)>,
    ) -> Self {
        let begins = format!("{about}: ");
        let (question_en, question_ko) = (format!("{begins}{en}"), format!("{about} {ko}"));
        Self { template, begins, question_en, question_ko, answers }
    }
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

/// The id of the market of `template` that a match has after `before` others of it.
#[must_use]
pub(crate) fn market_id(match_id: MatchId, template: Template, before: usize) -> MarketId {
    let (of, template) = (match_id.0.as_bytes().as_slice(), template.as_str().as_bytes());
    MarketId(match before {
        0 => ids::derived(&[b"market", of, template]),
        _ => ids::derived(&[b"market", of, template, before.to_string().as_bytes()]),
    })
}

/// Every question that is asked of a match; one with a single answer is left out.
#[must_use]
pub(crate) fn questions(best_of: u8, teams: &[Team; 2]) -> Vec<Question> {
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
    let about = format!("{one}–{two}");
    let ask = |template, en, ko, answers| Question::new(template, &about, [en, ko], answers);
    let mut questions = vec![
        ask(Template::MatchWinner, "who wins the match?", "승부예측", winner.into()),
        ask(Template::ExactScore, "what is the set score?", "세트 스코어", scores.collect()),
        ask(Template::TotalSets, "how many sets are played?", "총 세트 수", sets.collect()),
    ];
    questions.retain(|question| question.answers.len() > 1);
    questions
}

impl Question {
    /// Whether a market of this template asks the same: about these teams, with these answers.
    #[must_use]
    pub(crate) fn is_that_of(&self, market: &Market) -> bool {
        self.has_answers_of(market) && market.question_en.starts_with(&self.begins)
    }

    /// Whether a market asks this, of whatever teams: it has this template and these answers.
    #[must_use]
    pub(crate) fn is_asked_by(&self, market: &Market) -> bool {
        self.template == market.template && self.has_answers_of(market)
    }

    /// Whether the answers of a market of this template are the answers to this.
    #[must_use]
    fn has_answers_of(&self, market: &Market) -> bool {
        self.answers.iter().map(|(key, ..)| key).eq(market.outcomes.iter().map(|outcome| &outcome.key))
    }

    /// The market that asks this of a match, after `before` others of the same template.
    #[must_use]
    pub(crate) fn into_draft(self, match_id: MatchId, before: usize) -> MarketDraft {
        let market_id = market_id(match_id, self.template, before);
        let outcomes = self.answers.into_iter().map(|(key, label_en, label_ko)| OutcomeDraft {
            outcome_id: outcome_id(market_id, &key),
            key,
            label_en,
            label_ko,
        });
        MarketDraft {
            market_id,
            template: self.template,
            question_en: self.question_en,
            question_ko: self.question_ko,
            outcomes: outcomes.collect(),
        }
    }
}

fn scores(best_of: u8) -> Vec<[u8; 2]> {
    let win = sets_to_win(best_of);
    let mut scores: Vec<_> = (0..win).map(|lost| [win, lost]).collect();
    scores.extend((0..win).rev().map(|won| [won, win]));
    scores
}

/// The outcome that an answer makes right; none where it is none of the market's, and for a custom market.
#[must_use]
pub(crate) fn right_answer<'a>(
    template: Template,
    outcomes: &'a [Outcome],
    answer: &Answer,
) -> Option<&'a Outcome> {
    let by_key = |key: &str| outcomes.iter().find(|outcome| outcome.key == key);
    match (template, answer) {
        (Template::MatchWinner, Answer::Score([one, two])) => outcomes.get(usize::from(two > one)),
        (Template::ExactScore, Answer::Score([one, two])) => by_key(&format!("{one}-{two}")),
        (Template::TotalSets, Answer::Score([one, two])) => by_key(&(one + two).to_string()),
        (Template::Champion | Template::First, Answer::Team(code)) => by_key(code),
        _ => None,
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
        let questions = questions(best_of, &teams);
        questions.into_iter().map(|asked| asked.answers.into_iter().map(|(key, ..)| key).collect()).collect()
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
