//! Accounts, sessions and statements.

use chrono::{DateTime, Utc};
use loljoa_proto::account::v1 as pb;
use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points, TransferId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{id, optional_id, optional_time, required, time};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    User,
    Admin,
}

/// By net profit over settled markets: bronze, silver from 1,000, gold 10,000, platinum 100,000, diamond 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Bronze,
    Silver,
    Gold,
    Platinum,
    Diamond,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[schema(value_type = Uuid)]
    pub(crate) account_id: AccountId,
    username: String,
    role: Role,
    tier: Tier,
    /// Points that can be bet now.
    #[schema(value_type = i64)]
    points: Points,
    /// Points held in bets that are not decided yet.
    #[schema(value_type = i64)]
    staked: Points,
    /// Points won minus points staked, over settled markets.
    #[schema(value_type = i64)]
    profit: Points,
    /// 1 is the best profit; accounts of equal profit share a rank. Some seconds old.
    rank: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<pb::Account> for Account {
    type Error = Error;

    fn try_from(account: pb::Account) -> Result<Self, Error> {
        Ok(Self {
            account_id: id(&account.account_id)?,
            role: role(account.role()),
            tier: tier(account.tier()),
            username: account.username,
            points: Points(account.points),
            staked: Points(account.staked),
            profit: Points(account.profit),
            rank: account.rank,
            created_at: time(account.created_at)?,
        })
    }
}

const fn role(role: pb::Role) -> Role {
    match role {
        pb::Role::Admin => Role::Admin,
        pb::Role::User | pb::Role::Unspecified => Role::User,
    }
}

const fn tier(tier: pb::Tier) -> Tier {
    match tier {
        pb::Tier::Bronze | pb::Tier::Unspecified => Tier::Bronze,
        pb::Tier::Silver => Tier::Silver,
        pb::Tier::Gold => Tier::Gold,
        pb::Tier::Platinum => Tier::Platinum,
        pb::Tier::Diamond => Tier::Diamond,
    }
}

impl From<Tier> for pb::Tier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Bronze => Self::Bronze,
            Tier::Silver => Self::Silver,
            Tier::Gold => Self::Gold,
            Tier::Platinum => Self::Platinum,
            Tier::Diamond => Self::Diamond,
        }
    }
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// 3 to 20 letters (한글 too), digits and `_`; upper and lower case are the same.
    #[schema(example = "faker", min_length = 3, max_length = 20, pattern = "^[a-zA-Z0-9_가-힣]+$")]
    pub(crate) username: String,
    /// 8 to 128 characters.
    #[schema(format = Password, example = "correct horse", min_length = 8, max_length = 128)]
    pub(crate) password: String,
}

/// Another password for the account that asks.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The present one.
    #[schema(format = Password, example = "correct horse")]
    pub(crate) current_password: String,
    /// 8 to 128 characters.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "battery staple")]
    pub(crate) new_password: String,
}

/// An account as admins see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedAccount {
    account: Account,
    /// Since when it is kept out; null when it is not.
    disabled_at: Option<DateTime<Utc>>,
    /// Sessions that go on.
    open_sessions: i64,
}

impl TryFrom<pb::ManagedAccount> for ManagedAccount {
    type Error = Error;

    fn try_from(managed: pb::ManagedAccount) -> Result<Self, Error> {
        Ok(Self {
            account: required(managed.account)?.try_into()?,
            disabled_at: optional_time(managed.disabled_at)?,
            open_sessions: managed.open_sessions,
        })
    }
}

/// An open session. Its refresh token travels in a cookie.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) account: Account,
    /// Send it as `Authorization: Bearer …`.
    pub(crate) access_token: String,
    /// Seconds until the access token ends.
    pub(crate) expires_in: i64,
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ended {
    pub(crate) ended: i64,
}

/// One line of an account's statement.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatementLine {
    #[schema(value_type = Uuid)]
    transfer_id: TransferId,
    /// `signup_grant`, `daily_grant`, `stake`, `payout`, `cancel`, `void`, `tombstone` or `correction`.
    kind: String,
    /// What the transfer did to the account's points; signed.
    #[schema(value_type = i64)]
    points: Points,
    #[schema(value_type = Option<Uuid>)]
    market_id: Option<MarketId>,
    #[schema(value_type = Option<Uuid>)]
    bet_id: Option<BetId>,
    #[schema(value_type = Option<Uuid>)]
    corrects_transfer_id: Option<TransferId>,
    created_at: DateTime<Utc>,
}

impl TryFrom<pb::StatementLine> for StatementLine {
    type Error = Error;

    fn try_from(line: pb::StatementLine) -> Result<Self, Error> {
        Ok(Self {
            transfer_id: id(&line.transfer_id)?,
            kind: line.kind,
            points: Points(line.points),
            market_id: optional_id(&line.market_id)?,
            bet_id: optional_id(&line.bet_id)?,
            corrects_transfer_id: optional_id(&line.corrects_transfer_id)?,
            created_at: time(line.created_at)?,
        })
    }
}

/// An account on the leaderboard, where nobody is told who is an admin.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    username: String,
    tier: Tier,
    /// Points that can be bet now.
    #[schema(value_type = i64)]
    points: Points,
    /// Points held in bets that are not decided yet.
    #[schema(value_type = i64)]
    staked: Points,
    /// Points won minus points staked, over settled markets.
    #[schema(value_type = i64)]
    profit: Points,
    /// 1 is the best profit; accounts of equal profit share a rank. Some seconds old.
    rank: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<pb::Account> for Place {
    type Error = Error;

    fn try_from(account: pb::Account) -> Result<Self, Error> {
        let Account { account_id, username, role: _, tier, points, staked, profit, rank, created_at } =
            account.try_into()?;
        Ok(Self { account_id, username, tier, points, staked, profit, rank, created_at })
    }
}

/// Accounts by profit, best first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Leaderboard {
    pub(crate) items: Vec<Place>,
    /// Send it as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
    /// The asking account with its rank, whether or not it is on this page; null when nobody is logged in.
    pub(crate) own: Option<Account>,
}
