//! Whose stakes are on markets that an admin is about to touch.

use std::collections::{BTreeSet, HashMap};

use clap::Args;
use loljoa_proto::{
    account::v1::{BatchGetUsernamesRequest, account_service_client::AccountServiceClient},
    betting::v1::TouchedMarket,
};
use url::Url;

use super::connect::{Target, answer};
use crate::{
    console::{complain, say},
    system::Service,
};

/// What one call may ask for.
const MAX_BATCH: usize = 1_000;

/// Where bettors' names are.
#[derive(Args, Clone)]
pub(super) struct Accounts {
    /// With --betting-grpc: account's gRPC address, to name bettors, who are told by their ids otherwise
    #[arg(long, value_name = "URL", requires = "betting_grpc")]
    account_grpc: Option<Url>,
}

/// Names of accounts, by id.
pub(super) type Names = HashMap<String, String>;

impl Accounts {
    /// The names of those who have staked on these markets. None while account does not answer: what is staked is told all the same.
    pub(super) async fn names(&self, target: &Target, markets: &[TouchedMarket]) -> Names {
        let ids: BTreeSet<_> =
            markets.iter().flat_map(|market| &market.stakes).map(|stake| &stake.account_id).collect();
        if ids.is_empty() || !target.is_up() && self.account_grpc.is_none() {
            return Names::new();
        }
        let ids: Vec<_> = ids.into_iter().cloned().collect();
        match self.look_up(target, &ids).await {
            Ok(names) => names,
            Err(error) => {
                complain(format_args!("bettors are told by their ids: {error}"));
                Names::new()
            }
        }
    }

    async fn look_up(&self, target: &Target, ids: &[String]) -> anyhow::Result<Names> {
        let account = match &self.account_grpc {
            Some(url) => target.clone().at(url.clone()).connect(Service::Account)?,
            None => target.connect(Service::Account)?,
        };
        let mut account = AccountServiceClient::new(account);
        let mut names = Names::new();
        for ids in ids.chunks(MAX_BATCH) {
            let request = BatchGetUsernamesRequest { account_ids: ids.to_vec() };
            names.extend(answer(account.batch_get_usernames(request).await)?.usernames);
        }
        Ok(names)
    }
}

/// Says whose the stakes on a market are, below what was said of the market.
pub(super) fn tell(market: &TouchedMarket, names: &Names) {
    if let Some(bettors) = describe(market, names) {
        say(format_args!("  staked by {bettors}"));
    }
}

fn describe(market: &TouchedMarket, names: &Names) -> Option<String> {
    let told = market.stakes.iter().map(|stake| {
        let name = names.get(&stake.account_id).unwrap_or(&stake.account_id);
        format!("{name} ({})", stake.points)
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let shown = i64::try_from(market.stakes.len()).unwrap_or(i64::MAX);
    match (shown, market.bettors - shown) {
        (0, ..=0) => None,
        (0, others) => Some(format!("{others} accounts")),
        (_, ..=0) => Some(told),
        (_, others) => Some(format!("{told} and {others} more")),
    }
}

#[cfg(test)]
mod tests {
    use loljoa_proto::betting::v1::Stake;

    use super::*;

    fn said(bettors: i64, stakes: &[(&str, i64)]) -> Option<String> {
        let stake = |&(id, points): &(&str, i64)| Stake { account_id: id.to_owned(), points };
        let stakes = stakes.iter().map(stake).collect();
        let names = Names::from([("1".to_owned(), "faker".to_owned()), ("2".to_owned(), "chovy".to_owned())]);
        describe(&TouchedMarket { bettors, stakes, ..TouchedMarket::default() }, &names)
    }

    #[test]
    fn bettors_are_named_where_names_are_known_and_the_others_counted() {
        assert_eq!(said(0, &[]), None);
        assert_eq!(said(2, &[("1", 600), ("2", 400)]).as_deref(), Some("faker (600), chovy (400)"));
        assert_eq!(said(7, &[("1", 600), ("3", 400)]).as_deref(), Some("faker (600), 3 (400) and 5 more"));
        assert_eq!(said(7, &[]).as_deref(), Some("7 accounts"));
    }
}
