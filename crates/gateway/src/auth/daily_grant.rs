//! The grant of the day, claimed at an account's first authenticated request of a Korean day.

use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use loljoa_proto::account::v1::{ClaimDailyGrantRequest, account_service_client::AccountServiceClient};
use loljoa_service_kit::{AccountId, Clock, grpc::Channel};
use moka::future::Cache;
use tokio::time;
use tonic::Status;

use crate::rest::Rest;

const REMEMBERED: u64 = 100_000;
/// Nobody waits longer than this for points; the next request tries again.
const PATIENCE: Duration = Duration::from_secs(1);
const SEOUL_OFFSET: TimeDelta = TimeDelta::hours(9);

/// Claims each account's grant once a day; account itself makes sure that it is granted once over all replicas.
pub(crate) struct DailyGrants {
    account: AccountServiceClient<Channel>,
    claimed: Cache<(AccountId, NaiveDate), ()>,
    rest: Rest,
    clock: Clock,
}

impl DailyGrants {
    pub(crate) fn new(account: AccountServiceClient<Channel>, clock: Clock) -> Self {
        Self { account, claimed: Cache::new(REMEMBERED), rest: Rest::default(), clock }
    }

    /// Claims the day's grant unless this replica has done so. A failure is logged and costs nothing but points today.
    pub(crate) async fn claim(&self, account_id: AccountId) {
        if self.rest.is_on() {
            return;
        }
        let day = (self.clock.now() + SEOUL_OFFSET).date_naive();
        let claimed = self.claimed.try_get_with((account_id, day), self.call(account_id)).await;
        if let Err(status) = claimed {
            self.rest.after(&status);
            tracing::warn!(%account_id, error = %status, "the grant of the day could not be claimed");
        }
    }

    async fn call(&self, account_id: AccountId) -> Result<(), Status> {
        let mut account = self.account.clone();
        let request = ClaimDailyGrantRequest { account_id: account_id.to_string() };
        let late = |_| Err(Status::deadline_exceeded("the grant took too long"));
        time::timeout(PATIENCE, account.claim_daily_grant(request)).await.unwrap_or_else(late).map(|_| ())
    }
}
