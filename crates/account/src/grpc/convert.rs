//! Messages from and to the domain.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_proto::account::v1::{
    Account, BetResult as BetResultMessage, ClearMarketRequest, ClearingPurpose, FeedTransfer,
    GetStatusResponse, ListRevocationsResponse, ManagedAccount, Role as RoleMessage, Session, StatementLine,
    Tier as TierMessage, Transfer as TransferMessage, TransferDifference, TransferKind, TransferOutcome,
};
use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points, TransferId};
use prost_types::Timestamp;
use secrecy::ExposeSecret;

use crate::{
    audit::Status,
    domain::{
        clearing::{Clearing, Purpose},
        feed::Entry,
        profile::{Ranked, Role},
        results::BetResult,
        tier::Tier,
        transfer::{Kind, MAX_BATCH, Outcome, Transfer},
    },
    service::{Managed, OpenSession, Revocations},
    store::{checks::Difference, statement::Line},
};

const DEFAULT_FEED_LIMIT: i64 = 1_000;
/// A week; nobody waits longer for a bet to be recorded.
const MAX_MIN_AGE_MS: i64 = 7 * 24 * 3_600 * 1_000;

pub(super) fn session(session: OpenSession) -> Session {
    Session {
        account: Some(account(session.account)),
        access_token: session.access_token,
        expires_in: session.expires_in,
        refresh_token: session.refresh_token.expose_secret().to_owned(),
        refresh_expires_at: Some(timestamp(session.refresh_expires_at)),
    }
}

pub(super) fn account(ranked: Ranked) -> Account {
    let Ranked { profile, rank } = ranked;
    let tier = match profile.tier() {
        Tier::Bronze => TierMessage::Bronze,
        Tier::Silver => TierMessage::Silver,
        Tier::Gold => TierMessage::Gold,
        Tier::Platinum => TierMessage::Platinum,
        Tier::Diamond => TierMessage::Diamond,
    };
    let role = match profile.role {
        Role::User => RoleMessage::User,
        Role::Admin => RoleMessage::Admin,
    };
    Account {
        account_id: profile.account.to_string(),
        username: profile.username,
        role: role.into(),
        tier: tier.into(),
        points: profile.points.0,
        staked: profile.staked.0,
        profit: profile.profit.0,
        rank,
        created_at: Some(timestamp(profile.created_at)),
    }
}

/// An account on a leaderboard, which does not tell who is an admin.
pub(super) fn place(ranked: Ranked) -> Account {
    Account { role: RoleMessage::Unspecified.into(), ..account(ranked) }
}

pub(super) fn managed(managed: Managed) -> ManagedAccount {
    ManagedAccount {
        account: Some(account(managed.account)),
        disabled_at: managed.disabled_at.map(timestamp),
        open_sessions: managed.open_sessions,
    }
}

pub(super) fn since_from(since: Option<Timestamp>) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(since) = since else { return Ok(None) };
    let nanos = u32::try_from(since.nanos).ok();
    let time = nanos.and_then(|nanos| DateTime::from_timestamp(since.seconds, nanos));
    time.map(Some).ok_or_else(|| Error::invalid_field("since", "time_malformed", "must be a time"))
}

pub(super) fn revocations(revocations: Revocations) -> ListRevocationsResponse {
    ListRevocationsResponse {
        key_ids: revocations.key_ids,
        access_session_ids: revocations.sessions.iter().map(ToString::to_string).collect(),
        until: Some(timestamp(revocations.until)),
        keep_seconds: revocations.keep.num_seconds(),
        more: revocations.more,
    }
}

pub(super) fn tier_from(tier: i32) -> Result<Option<Tier>, Error> {
    match TierMessage::try_from(tier) {
        Ok(TierMessage::Unspecified) => Ok(None),
        Ok(TierMessage::Bronze) => Ok(Some(Tier::Bronze)),
        Ok(TierMessage::Silver) => Ok(Some(Tier::Silver)),
        Ok(TierMessage::Gold) => Ok(Some(Tier::Gold)),
        Ok(TierMessage::Platinum) => Ok(Some(Tier::Platinum)),
        Ok(TierMessage::Diamond) => Ok(Some(Tier::Diamond)),
        Err(_) => Err(Error::invalid_field("tier", "tier_unknown", "must be a tier")),
    }
}

pub(super) fn statement_line(line: &Line) -> StatementLine {
    let corrects = line.closes.filter(|_| line.kind == Kind::Correction);
    StatementLine {
        transfer_id: line.transfer.to_string(),
        kind: line.kind.name().to_owned(),
        points: line.kind.effect(line.points).0,
        market_id: text(line.market),
        bet_id: text(line.bet),
        corrects_transfer_id: text(corrects),
        created_at: Some(timestamp(line.created_at)),
    }
}

pub(super) fn clearing_from(message: &ClearMarketRequest) -> Result<Clearing, Error> {
    let purpose = match message.purpose() {
        ClearingPurpose::Settlement => Purpose::Settlement,
        ClearingPurpose::Correction => Purpose::Correction,
        ClearingPurpose::Unspecified => {
            return Err(Error::invalid_field("purpose", "purpose_unknown", "must be a purpose"));
        }
    };
    let (points, cover) = (Points(message.points), Points(message.cover));
    Ok(Clearing { market: MarketId::parse(&message.market_id)?, purpose, points, cover })
}

pub(super) fn transfer_from(message: TransferMessage) -> Result<Transfer, Error> {
    let transfer = Transfer {
        id: TransferId::parse(&message.transfer_id)?,
        kind: kind_from(message.kind)?,
        account: AccountId::parse(&message.account_id)?,
        market: optional(&message.market_id, MarketId::parse)?,
        bet: optional(&message.bet_id, BetId::parse)?,
        points: Points(message.points),
        fingerprint: message.fingerprint,
        closes: optional(&message.closes_transfer_id, |id| TransferId::parse_field(id, "closesTransferId"))?,
    };
    transfer.check()?;
    Ok(transfer)
}

pub(super) fn kind_from(kind: i32) -> Result<Kind, Error> {
    match TransferKind::try_from(kind) {
        Ok(TransferKind::SignupGrant) => Ok(Kind::SignupGrant),
        Ok(TransferKind::DailyGrant) => Ok(Kind::DailyGrant),
        Ok(TransferKind::Stake) => Ok(Kind::Stake),
        Ok(TransferKind::Payout) => Ok(Kind::Payout),
        Ok(TransferKind::Cancel) => Ok(Kind::Cancel),
        Ok(TransferKind::Void) => Ok(Kind::Void),
        Ok(TransferKind::Tombstone) => Ok(Kind::Tombstone),
        Ok(TransferKind::Correction) => Ok(Kind::Correction),
        Ok(TransferKind::Unspecified) | Err(_) => {
            Err(Error::invalid_field("kind", "kind_unknown", "must be a kind of transfer"))
        }
    }
}

pub(super) const fn outcome(outcome: Outcome) -> TransferOutcome {
    match outcome {
        Outcome::Applied => TransferOutcome::Applied,
        Outcome::AlreadyApplied => TransferOutcome::AlreadyApplied,
        Outcome::Conflict => TransferOutcome::Conflict,
        Outcome::InsufficientPoints => TransferOutcome::InsufficientPoints,
        Outcome::UnknownAccount => TransferOutcome::UnknownAccount,
        Outcome::StakeRevoked => TransferOutcome::StakeRevoked,
        Outcome::StakeMissing => TransferOutcome::StakeMissing,
        Outcome::LimitExceeded => TransferOutcome::LimitExceeded,
    }
}

pub(super) fn result_from(message: &BetResultMessage) -> Result<BetResult, Error> {
    let result = BetResult {
        bet: BetId::parse(&message.bet_id)?,
        account: AccountId::parse(&message.account_id)?,
        market: MarketId::parse(&message.market_id)?,
        staked: Points(message.staked),
        paid: Points(message.paid),
    };
    result.check()?;
    Ok(result)
}

pub(super) fn feed_transfer(entry: Entry) -> FeedTransfer {
    FeedTransfer { transfer: Some(transfer(entry.transfer)), created_at: Some(timestamp(entry.created_at)) }
}

pub(super) fn difference(difference: Difference) -> TransferDifference {
    TransferDifference { index: difference.index, found: difference.found.map(transfer) }
}

fn transfer(transfer: Transfer) -> TransferMessage {
    let kind = match transfer.kind {
        Kind::SignupGrant => TransferKind::SignupGrant,
        Kind::DailyGrant => TransferKind::DailyGrant,
        Kind::Stake => TransferKind::Stake,
        Kind::Payout => TransferKind::Payout,
        Kind::Cancel => TransferKind::Cancel,
        Kind::Void => TransferKind::Void,
        Kind::Tombstone => TransferKind::Tombstone,
        Kind::Correction => TransferKind::Correction,
    };
    TransferMessage {
        transfer_id: transfer.id.to_string(),
        kind: kind.into(),
        account_id: transfer.account.to_string(),
        market_id: text(transfer.market),
        bet_id: text(transfer.bet),
        points: transfer.points.0,
        fingerprint: transfer.fingerprint,
        closes_transfer_id: text(transfer.closes),
    }
}

pub(super) fn feed_limit(limit: i32) -> Result<i64, Error> {
    match limit {
        0 => Ok(DEFAULT_FEED_LIMIT),
        limit if usize::try_from(limit).is_ok_and(|limit| limit <= MAX_BATCH) => Ok(i64::from(limit)),
        _ => Err(Error::invalid_field("limit", "limit_out_of_range", "must be from 1 to 5000")),
    }
}

pub(super) fn min_age(milliseconds: i64) -> Result<TimeDelta, Error> {
    if (0..=MAX_MIN_AGE_MS).contains(&milliseconds) {
        return Ok(TimeDelta::milliseconds(milliseconds));
    }
    Err(Error::invalid_field("minAgeMs", "age_out_of_range", "must be from 0 to 604800000"))
}

fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, Error>) -> Result<Option<T>, Error> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(super) fn status(status: Status) -> GetStatusResponse {
    let (audited_at, audit_age_ms) = status.audited.unzip();
    GetStatusResponse {
        audited_at: audited_at.map(timestamp),
        audit_age_ms: audit_age_ms.unwrap_or_default(),
        differences: status.differences,
    }
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0) }
}
