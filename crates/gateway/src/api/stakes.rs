//! Whose stakes are on a market that an admin is about to touch.

use std::{collections::HashMap, sync::Arc};

use loljoa_proto::betting::v1 as pb;
use loljoa_service_kit::{AccountId, Error, MarketId, Points};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Text, id};

/// The usernames of accounts; those that are not known are left out.
pub(crate) type Names = HashMap<AccountId, Arc<str>>;

/// What an account has staked on a market.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stake {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    /// Null while the account service does not answer.
    #[schema(value_type = Option<String>)]
    username: Option<Arc<str>>,
    /// On all answers together.
    #[schema(value_type = i64)]
    points: Points,
}

/// The stakes that betting tells by account, with the names of their owners.
pub(crate) fn named(stakes: &[pb::Stake], names: &Names) -> Result<Vec<Stake>, Error> {
    let stakes = stakes.iter().map(|stake| {
        let account_id = id(&stake.account_id)?;
        let username = names.get(&account_id).cloned();
        Ok(Stake { account_id, username, points: Points(stake.points) })
    });
    stakes.collect()
}

/// A market with stakes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StakedMarket {
    #[schema(value_type = Uuid)]
    market_id: MarketId,
    question: Text,
    /// All stakes on it.
    #[schema(value_type = i64)]
    pool: Points,
    /// So many accounts have staked them. Beyond 128 for an answer, some may count once for each answer that they have bet on.
    bettors: i64,
    /// The largest of them, the largest first; up to 10.
    stakes: Vec<Stake>,
}

impl StakedMarket {
    /// What betting says of a market, with the names of its bettors.
    pub(crate) fn new(market: pb::TouchedMarket, names: &Names) -> Result<Self, Error> {
        Ok(Self {
            market_id: id(&market.market_id)?,
            pool: Points(market.pool),
            bettors: market.bettors,
            stakes: named(&market.stakes, names)?,
            question: Text { en: market.question_en, ko: market.question_ko },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stake_without_a_name_keeps_its_account() {
        let ids = ["0190b1c4-0000-7000-8000-000000000001", "0190b1c4-0000-7000-8000-000000000002"];
        let stakes = ids.map(|id| pb::Stake { account_id: id.to_owned(), points: 300 });
        let names = Names::from([(AccountId::parse(ids[0]).unwrap(), "faker".into())]);
        let told = serde_json::to_value(named(&stakes, &names).unwrap()).unwrap();
        let stake = |id: &str, name: Option<&str>| json!({"accountId": id, "username": name, "points": 300});
        assert_eq!(told, json!([stake(ids[0], Some("faker")), stake(ids[1], None)]));
        assert!(named(&[pb::Stake::default()], &names).is_err(), "an account without an id");
    }
}
