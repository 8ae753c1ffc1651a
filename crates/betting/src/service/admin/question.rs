//! Questions that admins ask.

use std::collections::HashSet;

use loljoa_service_kit::{Error, IdempotencyKey, MarketId, MatchId, ids};

use crate::domain::{
    Market, Template,
    template::{self, MarketDraft, OutcomeDraft},
};

const OUTCOMES: std::ops::RangeInclusive<usize> = 2..=20;
const MAX_TEXT: usize = 200;

/// A question that an admin asks.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The same key makes the same market.
    pub(crate) key: IdempotencyKey,
    /// On which match.
    pub(crate) match_id: MatchId,
    /// In English.
    pub(crate) en: String,
    /// In Korean.
    pub(crate) ko: String,
    /// The answers, in English and Korean.
    pub(crate) answers: Vec<(String, String)>,
}

/// What the question comes to, once its texts are checked.
pub(super) fn draft(question: &Question) -> Result<MarketDraft, Error> {
    check_text("questionEn", &question.en)?;
    check_text("questionKo", &question.ko)?;
    if !OUTCOMES.contains(&question.answers.len()) {
        return Err(Error::invalid_field("outcomes", "outcomes_out_of_range", "must be 2 to 20"));
    }
    let different: HashSet<_> = question.answers.iter().collect();
    if different.len() < question.answers.len() {
        return Err(Error::invalid_field(
            "outcomes",
            "outcomes_repeated",
            "must be different from each other",
        ));
    }
    let market_id = MarketId(ids::derived(&[b"market", b"custom", question.key.0.as_bytes()]));
    let answer = |(n, (en, ko)): (usize, &(String, String))| {
        check_text("labelEn", en)?;
        check_text("labelKo", ko)?;
        let key = n.to_string();
        let outcome_id = template::outcome_id(market_id, &key);
        Ok(OutcomeDraft { outcome_id, key, label_en: en.clone(), label_ko: ko.clone() })
    };
    Ok(MarketDraft {
        market_id,
        template: Template::Custom,
        question_en: question.en.clone(),
        question_ko: question.ko.clone(),
        outcomes: (1..).zip(&question.answers).map(answer).collect::<Result<_, Error>>()?,
    })
}

fn check_text(field: &str, text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if (1..=MAX_TEXT).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let allowed = format!("must be 1 to {MAX_TEXT} characters without control characters");
    Err(Error::invalid_field(field, "text_out_of_range", allowed))
}

/// Whether the market that is there asks this question.
pub(super) fn is_same(market: &Market, question: &Question, draft: &MarketDraft) -> bool {
    let labels = |en: &str, ko: &str| (en.to_owned(), ko.to_owned());
    let present = market.outcomes.iter().map(|outcome| labels(&outcome.label_en, &outcome.label_ko));
    market.match_id == question.match_id
        && (market.question_en.as_str(), market.question_ko.as_str()) == (&*question.en, &*question.ko)
        && present.eq(draft.outcomes.iter().map(|outcome| labels(&outcome.label_en, &outcome.label_ko)))
}

/// The key stands for another question.
pub(super) fn key_reused() -> Error {
    Error::conflict("idempotency_key_reused", "the key was used for another request")
}
