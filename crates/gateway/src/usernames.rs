//! Usernames of accounts, for bettors. They never change, so they are remembered.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::future::join_all;
use loljoa_proto::{
    account::v1::{BatchGetUsernamesRequest, account_service_client::AccountServiceClient},
    betting::v1 as pb,
};
use loljoa_service_kit::{
    AccountId, Cells, Error, Slot,
    grpc::{Channel, client::repeatable},
};
use moka::sync::Cache;
use tokio::time;
use tonic::Status;

use crate::{
    api::{
        market::{Market, Rendered},
        stakes::Names,
    },
    rest::Rest,
};

const REMEMBERED: u64 = 100_000;
/// What one call may ask for.
const MAX_BATCH: usize = 1_000;
/// A market without a name is better than no market.
const PATIENCE: Duration = Duration::from_millis(500);

/// Looks usernames up.
pub(crate) struct Usernames {
    account: Cells<AccountServiceClient<Channel>>,
    known: Cache<AccountId, Arc<str>>,
    rest: Rest,
}

impl Usernames {
    pub(crate) fn new(account: Cells<AccountServiceClient<Channel>>) -> Self {
        Self { account, known: Cache::new(REMEMBERED), rest: Rest::default() }
    }

    /// The markets as clients see them, their top bettors named where account answers.
    pub(crate) async fn name(&self, markets: Vec<pb::Market>) -> Result<Vec<Arc<Rendered>>, Error> {
        let outcomes = markets.iter().flat_map(|market| &market.outcomes);
        let ids = outcomes.filter_map(|outcome| AccountId::parse(&outcome.top_account_id).ok()).collect();
        let usernames = self.resolve(ids).await;
        let named = markets.into_iter().map(|market| Market::new(market, &usernames));
        named.map(|market| Rendered::new(market?).map(Arc::new)).collect()
    }

    /// The names of those whose stakes betting tells by account, where account answers.
    pub(crate) async fn of_stakes(&self, markets: &[pb::TouchedMarket]) -> Names {
        let stakes = markets.iter().flat_map(|market| &market.stakes);
        let ids = stakes.filter_map(|stake| AccountId::parse(&stake.account_id).ok()).collect();
        self.resolve(ids).await
    }

    async fn resolve(&self, ids: HashSet<AccountId>) -> Names {
        let (mut found, mut unknown) = (Names::new(), Vec::new());
        for id in ids {
            match self.known.get(&id) {
                Some(username) => drop(found.insert(id, username)),
                None => unknown.push(id),
            }
        }
        let places = self.account.split(&unknown, |id| Slot::of_account(*id));
        let by_cell = self.account.iter().zip(places).map(|(cell, places)| {
            let ids: Vec<_> = places.into_iter().filter_map(|place| unknown.get(place).copied()).collect();
            async move {
                let mut found = Vec::new();
                for ids in ids.chunks(MAX_BATCH) {
                    found.extend(self.look_up(cell, ids).await);
                }
                found
            }
        });
        found.extend(join_all(by_cell).await.into_iter().flatten());
        found
    }

    async fn look_up(
        &self,
        cell: &AccountServiceClient<Channel>,
        ids: &[AccountId],
    ) -> Vec<(AccountId, Arc<str>)> {
        if self.rest.is_on() {
            return Vec::new();
        }
        let mut account = cell.clone();
        let request = BatchGetUsernamesRequest { account_ids: ids.iter().map(ToString::to_string).collect() };
        let late = |_| Err(Status::deadline_exceeded("usernames took too long"));
        let usernames = match time::timeout(PATIENCE, account.batch_get_usernames(repeatable(request)))
            .await
            .unwrap_or_else(late)
        {
            Ok(response) => response.into_inner().usernames,
            Err(error) => {
                tracing::warn!(event = "usernames.failed", %error, "usernames could not be looked up");
                self.rest.after(&error);
                return Vec::new();
            }
        };
        let named =
            usernames.into_iter().filter_map(|(id, name)| Some((AccountId::parse(&id).ok()?, name.into())));
        named.inspect(|(id, name): &(_, Arc<str>)| self.known.insert(*id, Arc::clone(name))).collect()
    }
}
