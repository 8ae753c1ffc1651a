//! Markets in the hands of admins.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Error, IdempotencyKey, MarketId, MatchId, OutcomeId, Points, ids, page, postgres};
use sqlx::{PgConnection, PgPool};

use super::{Wakers, markets, next_cursor, settlement};
use crate::{
    domain::{
        Market, MarketState, Outcome, Owed, OwedKind, Template, VoidReason,
        life::{self, Step},
        payout::{Division, Winner},
        template::{self, MarketDraft, OutcomeDraft},
    },
    store::{self, incidents::Incident},
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

/// What a correction pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    /// To how many bets.
    pub(crate) bets: usize,
    /// How much in all.
    pub(crate) points: Points,
}

/// What admins do. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admin {
    pool: PgPool,
    wakers: Wakers,
}

impl Admin {
    /// Admins' hands over `pool`.
    #[must_use]
    pub(crate) const fn new(pool: PgPool, wakers: Wakers) -> Self {
        Self { pool, wakers }
    }

    /// Opens a market for a question; the same key and question again gives the market that is there.
    ///
    /// # Errors
    ///
    /// `invalid` texts or numbers of answers; `match_not_found`; `match_started`; `idempotency_key_reused`.
    pub(crate) async fn create(&self, question: &Question) -> Result<Market, Error> {
        let draft = draft(question)?;
        let mut transaction = postgres::begin(&self.pool).await?;
        let present = store::markets::load(&mut *transaction, &[draft.market_id]).await?.pop();
        if let Some(present) = present {
            return if is_same(&present, question, &draft) { Ok(present) } else { Err(key_reused()) };
        }
        let upcoming = store::matches::hold_upcoming(&mut transaction, question.match_id).await?;
        let upcoming =
            upcoming.ok_or_else(|| Error::not_found("match_not_found", "there is no such match"))?;
        if !upcoming.to_come {
            return Err(Error::conflict("match_started", "the match is not to come any more"));
        }
        store::markets::open(&mut transaction, question.match_id, upcoming.starts_at, &draft).await?;
        let market = store::markets::load(&mut *transaction, &[draft.market_id]).await?.pop();
        transaction.commit().await?;
        market.filter(|market| is_same(market, question, &draft)).ok_or_else(key_reused)
    }

    /// Locks a market at once. Locking a locked market succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `market_closed` once it is being settled or voided.
    pub(crate) async fn lock(&self, id: MarketId) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        match market.state {
            MarketState::Open => {
                let lock_at: DateTime<Utc> = store::now(&mut *transaction).await?;
                let lock_at = market.lock_at.min(lock_at);
                store::markets::move_lock(&mut transaction, id, lock_at, MarketState::Locked).await?;
            }
            MarketState::Locked => {}
            _ => {
                return Err(Error::conflict(
                    "market_closed",
                    "the market is settled or void, or about to be",
                ));
            }
        }
        transaction.commit().await?;
        markets::get(&self.pool, id).await
    }

    /// Fixes a locked market's outcome. The same outcome again succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `outcome_not_in_market`; `market_open`; `already_settled` or `already_void` otherwise.
    pub(crate) async fn settle(&self, id: MarketId, outcome: OutcomeId) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        let winner = outcome_of(&market, outcome)?;
        match life::settle_step(&market, winner) {
            Step::Begin => settlement::begin(&mut transaction, &market, winner).await?,
            Step::Already => {}
            Step::StillOpen => return Err(Error::conflict("market_open", "the market takes bets still")),
            Step::Contradiction => return Err(decided(&market)),
        }
        transaction.commit().await?;
        self.wakers.closing.notify_one();
        markets::get(&self.pool, id).await
    }

    /// Gives every stake back. Voiding a void market succeeds.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `already_settled`.
    pub(crate) async fn void(&self, id: MarketId) -> Result<Market, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        match life::void_step(&market) {
            Step::Begin => {
                store::settlement::begin_voiding(&mut transaction, id, VoidReason::Admin).await?;
            }
            Step::Already => {}
            Step::Contradiction | Step::StillOpen => return Err(decided(&market)),
        }
        transaction.commit().await?;
        self.wakers.closing.notify_one();
        markets::get(&self.pool, id).await
    }

    /// Pays, from the house, what a settled market would have paid on `outcome`. Nobody is clawed back. The same again
    /// succeeds and pays nothing more.
    ///
    /// # Errors
    ///
    /// `market_not_found`; `outcome_not_in_market`; `market_not_settled`; `already_settled` for the outcome that was paid;
    /// `already_corrected` to another.
    pub(crate) async fn correct(&self, id: MarketId, outcome: OutcomeId) -> Result<Correction, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let market = hold(&mut transaction, id).await?;
        outcome_of(&market, outcome)?;
        if market.state != MarketState::Settled {
            return Err(Error::conflict("market_not_settled", "only a settled market can be corrected"));
        }
        if market.settled_outcome_id == Some(outcome) {
            return Err(Error::conflict("already_settled", "the market paid this outcome"));
        }
        let before = store::settlement::corrected_outcome(&mut transaction, id).await?;
        if before.is_some_and(|before| before != outcome) {
            return Err(Error::conflict("already_corrected", "the market was corrected to another outcome"));
        }
        let owed = corrections(&mut transaction, &market, outcome).await?;
        if before.is_none() {
            store::settlement::set_corrected_outcome(&mut transaction, id, outcome).await?;
            store::owed::add_corrections(&mut transaction, id, &owed).await?;
        }
        transaction.commit().await?;
        self.wakers.owed.notify_one();
        let points = if owed.is_empty() { Points::ZERO } else { market.pool };
        Ok(Correction { bets: owed.len(), points })
    }

    /// Has every payment that the ledger refused tried again, and answers how many there are. What is refused again is set
    /// aside again.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub(crate) async fn retry_owed(&self) -> Result<u64, Error> {
        let payments = postgres::retrying(|| store::owed::unpark(&self.pool)).await?;
        self.wakers.owed.notify_one();
        Ok(payments)
    }

    /// A page of incidents, newest first.
    ///
    /// # Errors
    ///
    /// `limit_out_of_range`, `cursor_malformed`.
    pub(crate) async fn incidents(&self, limit: i32, cursor: &str) -> Result<(Vec<Incident>, String), Error> {
        let (limit, before) = (page::limit(limit)?, page::decode_cursor::<i64>(cursor)?);
        let mut incidents = store::incidents::list(&self.pool, before, limit + 1).await?;
        let next = next_cursor(&mut incidents, limit, |incident| incident.seq);
        Ok((incidents, next))
    }
}

/// Takes hold of a market, which is locked by then if its time has come.
async fn hold(db: &mut PgConnection, id: MarketId) -> Result<Market, Error> {
    let mut market = store::markets::hold(db, &[id]).await?.pop().ok_or_else(markets::not_found)?;
    let now = store::now(&mut *db).await?;
    if market.state == MarketState::Open && !market.takes_bets(now) {
        store::markets::move_lock(db, id, market.lock_at, MarketState::Locked).await?;
        market.state = MarketState::Locked;
    }
    Ok(market)
}

fn outcome_of(market: &Market, outcome: OutcomeId) -> Result<&Outcome, Error> {
    let allowed = "must be an outcome of the market";
    market.outcome(outcome).ok_or_else(|| Error::invalid_field("outcomeId", "outcome_not_in_market", allowed))
}

fn decided(market: &Market) -> Error {
    match market.state {
        MarketState::Settling | MarketState::Settled => {
            Error::conflict("already_settled", "the market is settled")
        }
        _ => Error::conflict("already_void", "the market is void"),
    }
}

async fn corrections(
    db: &mut PgConnection,
    market: &Market,
    outcome: OutcomeId,
) -> Result<Vec<Owed>, sqlx::Error> {
    let bets = store::settlement::lost_on(db, market.market_id, outcome).await?;
    let winner = |bet: &store::settlement::Standing| Winner { seq: bet.seq, stake: bet.stake };
    let Some(division) = Division::of(market.pool, &bets.iter().map(winner).collect::<Vec<_>>()) else {
        return Ok(Vec::new());
    };
    let owed = bets.iter().map(|bet| Owed {
        bet_id: bet.bet_id,
        account_id: bet.account_id,
        market_id: market.market_id,
        kind: OwedKind::Correction,
        points: division.payout(winner(bet)),
        staked: bet.stake,
    });
    Ok(owed.collect())
}

fn draft(question: &Question) -> Result<MarketDraft, Error> {
    check_text("questionEn", &question.en)?;
    check_text("questionKo", &question.ko)?;
    if !OUTCOMES.contains(&question.answers.len()) {
        return Err(Error::invalid_field("outcomes", "outcomes_out_of_range", "must be 2 to 20"));
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

fn is_same(market: &Market, question: &Question, draft: &MarketDraft) -> bool {
    let labels = |en: &str, ko: &str| (en.to_owned(), ko.to_owned());
    let present = market.outcomes.iter().map(|outcome| labels(&outcome.label_en, &outcome.label_ko));
    market.match_id == question.match_id
        && (market.question_en.as_str(), market.question_ko.as_str()) == (&*question.en, &*question.ko)
        && present.eq(draft.outcomes.iter().map(|outcome| labels(&outcome.label_en, &outcome.label_ko)))
}

fn key_reused() -> Error {
    Error::conflict("idempotency_key_reused", "the key was used for another request")
}
