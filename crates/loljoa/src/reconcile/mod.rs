//! What a person does about a difference that an audit has found: see what would mend it, and have it done.
//!
//! Proposals follow from the present state of both databases alone. Each correction is one commit by the functions that
//! the services use, with a note of who made it and why; after each the bet is looked at afresh. So a correction that was
//! interrupted goes on where it was, and made twice it does nothing more.

mod decide;
mod evidence;
mod make;

use std::collections::BTreeSet;

use loljoa_service_kit::{BetId, Correction, Error};
use serde::Serialize;
use uuid::Uuid;

use crate::audit::{Books, Difference, Report};
use decide::{Verdict, decide};
use evidence::Evidence;

/// No bet needs more corrections, one after another.
const STEPS: usize = 8;

/// So many refused payments are looked at in one run.
const PARKED: i64 = 10_000;

/// What is done about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The stored balance, cover, staked points and profit are made what transfers and results make them.
    Rebuild,
    /// The missing stake is taken now.
    TakeStake,
    /// The missing stake is taken now, and the house gives the account what it lacks for that.
    CoverStake,
    /// One bet is taken off its market, because its stake was never taken and cannot be.
    VoidBet,
    /// The stake of a bet that is given back was never taken: it is refused for good, and nothing moves.
    RefuseStake,
    /// A payout, a refund or a result that the ledger lacks is sent again.
    Pay,
    /// What the house owes for a correction is sent again.
    PayCorrection,
    /// A stake without a bet gets a tombstone, and is given back.
    Tombstone,
    /// Nothing that a program should do.
    AskAPerson,
}

/// What is done for all bets before the next is done for any: payouts come out of pools, so that the stakes that a pool lacks
/// are taken first, whosever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Balances,
    Stakes,
    Payments,
}

impl Action {
    const fn phase(self) -> Phase {
        match self {
            Self::Rebuild => Phase::Balances,
            Self::TakeStake | Self::CoverStake => Phase::Stakes,
            Self::VoidBet
            | Self::RefuseStake
            | Self::Pay
            | Self::PayCorrection
            | Self::Tombstone
            | Self::AskAPerson => Phase::Payments,
        }
    }

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::TakeStake => "take_stake",
            Self::CoverStake => "cover_stake",
            Self::VoidBet => "void_bet",
            Self::RefuseStake => "refuse_stake",
            Self::Pay => "pay",
            Self::PayCorrection => "pay_correction",
            Self::Tombstone => "tombstone",
            Self::AskAPerson => "ask_a_person",
        }
    }
}

/// A correction that would mend a difference, or its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// What is done first.
    pub action: Action,
    /// The bet, account or system account.
    pub subject: String,
    /// What is wrong, and what is done about it.
    pub what: String,
}

/// Who corrects, and why.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Who says so.
    pub who: String,
    /// Their reason.
    pub why: String,
}

impl Reason {
    fn correction(&self, action: Action, subject: Uuid, detail: &str) -> Correction {
        Correction {
            action: action.name(),
            subject,
            detail: detail.to_owned(),
            who: self.who.clone(),
            why: self.why.clone(),
        }
    }
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The bet, account or system account.
    pub subject: String,
    /// What was done, in order.
    pub steps: Vec<String>,
    /// Why it ended early, if it did.
    pub refused: Option<String>,
}

/// Proposes what would mend the differences of an audit and the payments that the ledger refused, in the order in which it is
/// to be done: stored balances first, because whether an account can pay goes by them; then stakes, out of which payments come.
///
/// # Errors
///
/// When a database does not answer.
pub async fn propose(books: &Books, report: &Report) -> sqlx::Result<Vec<Proposal>> {
    let mut proposals = Vec::new();
    let mut bets = BTreeSet::new();
    for difference in &report.differences {
        match subject_of(difference) {
            Subject::Balance(id) => add_rebuild(&mut proposals, id, difference),
            Subject::Bet(bet) => {
                bets.insert(bet);
            }
            Subject::Nothing => {}
            Subject::Unknown(why) => proposals.push(ask(difference, why)),
        }
    }
    bets.extend(loljoa_betting::reconcile::parked(&books.betting, PARKED).await?);
    for bet in bets {
        let (action, what) = match decide(&Evidence::of(books, bet).await?) {
            Verdict::Fine => continue,
            Verdict::Do(action, what) => (action, what),
            Verdict::Ask(what) => (Action::AskAPerson, what),
        };
        proposals.push(Proposal { action, subject: bet.to_string(), what });
    }
    proposals.sort_by_key(|proposal| proposal.action.phase());
    Ok(proposals)
}

enum Subject {
    Balance(Uuid),
    Bet(BetId),
    /// It follows from other differences.
    Nothing,
    Unknown(&'static str),
}

fn subject_of(difference: &Difference) -> Subject {
    let id = || Uuid::parse_str(&difference.subject).unwrap_or_default();
    match (difference.books, difference.check.as_str()) {
        ("account", "balance" | "cover" | "staked" | "profit") => Subject::Balance(id()),
        ("account", "sum") => Subject::Nothing,
        ("account", _) => Subject::Unknown("a stake was taken that is refused: see its bet"),
        ("both", "transfer") => Subject::Unknown("the ledger moved points that betting never asked for"),
        ("both", "archived_market") => {
            Subject::Unknown("the ledger holds points for a market whose bets are archived")
        }
        ("both", _) => Subject::Bet(BetId(id())),
        _ => Subject::Unknown("betting's own books differ: keep the market from being settled"),
    }
}

fn add_rebuild(proposals: &mut Vec<Proposal>, id: Uuid, difference: &Difference) {
    let Difference { check, subject, expected, found, .. } = difference;
    let what = format!("{check} is stored as {found}, transfers make it {expected}");
    match proposals.last_mut() {
        Some(last) if last.subject == id.to_string() => last.what = format!("{}; {what}", last.what),
        _ => proposals.push(Proposal { action: Action::Rebuild, subject: subject.clone(), what }),
    }
}

fn ask(difference: &Difference, why: &str) -> Proposal {
    let Difference { check, subject, expected, found, .. } = difference;
    let what = format!("{why} ({check}: expected {expected}, found {found})");
    Proposal { action: Action::AskAPerson, subject: subject.clone(), what }
}

/// Makes the proposed corrections and those that follow from them, phase by phase. `tell` hears of each subject once all that
/// can be done about it is done. What fails leaves the others alone.
///
/// # Errors
///
/// When a database does not answer.
pub async fn make(
    books: &Books,
    proposals: &[Proposal],
    reason: &Reason,
    mut tell: impl FnMut(&Made),
) -> sqlx::Result<Vec<Made>> {
    let mut all: Vec<_> = proposals.iter().map(Made::nothing).collect();
    for phase in [Phase::Balances, Phase::Stakes] {
        for (proposal, made) in proposals.iter().zip(&mut all) {
            if proposal.action.phase() == phase {
                mend(books, proposal, phase, reason, made).await?;
            }
        }
    }
    for (proposal, made) in proposals.iter().zip(&mut all) {
        if proposal.action.phase() != Phase::Balances && made.refused.is_none() {
            mend(books, proposal, Phase::Payments, reason, made).await?;
        }
        tell(made);
    }
    Ok(all)
}

/// Does all that a phase can do about one subject.
async fn mend(
    books: &Books,
    proposal: &Proposal,
    phase: Phase,
    reason: &Reason,
    made: &mut Made,
) -> sqlx::Result<()> {
    let subject = Uuid::parse_str(&proposal.subject).unwrap_or_default();
    match proposal.action {
        Action::AskAPerson => made.refused = Some(proposal.what.clone()),
        Action::Rebuild => {
            let correction = reason.correction(Action::Rebuild, subject, &proposal.what);
            made.note(
                loljoa_account::reconcile::rebuild(&books.account, subject, &correction).await,
                proposal,
            );
        }
        _ => mend_bet(books, BetId(subject), phase, reason, made).await?,
    }
    Ok(())
}

async fn mend_bet(
    books: &Books,
    bet: BetId,
    phase: Phase,
    reason: &Reason,
    made: &mut Made,
) -> sqlx::Result<()> {
    for _ in 0..STEPS {
        let evidence = Evidence::of(books, bet).await?;
        let (action, what) = match decide(&evidence) {
            Verdict::Fine => return Ok(()),
            Verdict::Do(action, _) if action.phase() > phase => return Ok(()),
            Verdict::Do(action, what) => (action, what),
            Verdict::Ask(what) => {
                made.refused = Some(what);
                return Ok(());
            }
        };
        let correction = reason.correction(action, bet.0, &what);
        let step = Proposal { action, subject: bet.to_string(), what };
        made.note(make::correct(books, &evidence, action, &correction).await, &step);
        if made.refused.is_some() {
            return Ok(());
        }
    }
    made.refused = Some("it differs still: run it again".to_owned());
    Ok(())
}

impl Made {
    fn nothing(proposal: &Proposal) -> Self {
        Self { subject: proposal.subject.clone(), steps: Vec::new(), refused: None }
    }

    fn note(&mut self, done: Result<bool, Error>, step: &Proposal) {
        match done {
            Ok(true) => self.steps.push(format!("{}: {}", step.action.name(), step.what)),
            Ok(false) => {}
            Err(error) => self.refused = Some(format!("{}: {error}", step.action.name())),
        }
    }
}
