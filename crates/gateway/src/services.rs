//! The services behind the gateway. Of account and betting there may be several cells (docs/adr/0041): an id says which one has
//! what it names, a name which one has its account.

use loljoa_proto::{
    account::v1::{
        account_admin_service_client::AccountAdminServiceClient, account_service_client::AccountServiceClient,
    },
    admin::v1::admin_log_service_client::AdminLogServiceClient,
    betting::v1::{
        betting_service_client::BettingServiceClient, market_admin_service_client::MarketAdminServiceClient,
    },
    league_schedule::v1::{
        league_admin_service_client::LeagueAdminServiceClient, league_service_client::LeagueServiceClient,
    },
    ops::v1::ops_service_client::OpsServiceClient,
};
use loljoa_service_kit::{
    AccountId, Cells, Slot,
    grpc::{Channel, client},
    identity::Bearer,
};
use tonic::service::interceptor::InterceptedService;

use crate::{
    SERVICE,
    auth::{Admin, Token},
    config::Upstreams,
};

/// Calls that take the token of whoever asks along.
pub(crate) type WithToken = InterceptedService<Channel, Bearer>;

/// The services behind the gateway.
pub(crate) struct Services {
    account: Cells<Channel>,
    league_schedule: Channel,
    betting: Cells<Channel>,
    /// Connections of their own: streams that are not read fill their window, not that of bets.
    betting_streams: Cells<Channel>,
}

impl Services {
    /// Connects to all cells.
    ///
    /// # Errors
    ///
    /// When a URL cannot be an endpoint.
    pub(crate) fn connect(upstreams: &Upstreams) -> anyhow::Result<Self> {
        Ok(Self {
            account: client::connect_cells_from(SERVICE, &upstreams.account)?,
            league_schedule: client::connect_from(SERVICE, &upstreams.league_schedule)?,
            betting: client::connect_cells_from(SERVICE, &upstreams.betting)?,
            betting_streams: client::connect_cells_from(SERVICE, &upstreams.betting)?
                .map(Channel::for_streams),
        })
    }

    pub(crate) const fn account_channels(&self) -> &Cells<Channel> {
        &self.account
    }

    /// The cell that has an account.
    pub(crate) fn account(&self, account: AccountId) -> AccountServiceClient<Channel> {
        self.account_at(Slot::of_account(account))
    }

    /// The cell that has what is in a slot.
    pub(crate) fn account_at(&self, slot: Slot) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.account.at(slot).clone())
    }

    /// Every cell.
    pub(crate) fn accounts(&self) -> Cells<AccountServiceClient<Channel>> {
        self.account.map(|cell| AccountServiceClient::new(cell.clone()))
    }

    /// Account, for what it lets nobody do but the account's owner.
    pub(crate) fn own_account(&self, account: AccountId, token: &Token) -> AccountServiceClient<WithToken> {
        let cell = self.account.at(Slot::of_account(account));
        AccountServiceClient::with_interceptor(cell.clone(), token.0.clone())
    }

    pub(crate) fn account_admin(&self, slot: Slot, admin: &Admin) -> AccountAdminServiceClient<WithToken> {
        AccountAdminServiceClient::with_interceptor(self.account.at(slot).clone(), admin.0.clone())
    }

    pub(crate) fn league(&self) -> LeagueServiceClient<Channel> {
        LeagueServiceClient::new(self.league_schedule.clone())
    }

    pub(crate) fn league_admin(&self, admin: &Admin) -> LeagueAdminServiceClient<WithToken> {
        LeagueAdminServiceClient::with_interceptor(self.league_schedule.clone(), admin.0.clone())
    }

    /// The cell that has the markets of a slot.
    pub(crate) fn betting_at(&self, slot: Slot) -> BettingServiceClient<Channel> {
        BettingServiceClient::new(self.betting.at(slot).clone())
    }

    /// Every cell.
    pub(crate) fn bettings(&self) -> Cells<BettingServiceClient<Channel>> {
        self.betting.map(|cell| BettingServiceClient::new(cell.clone()))
    }

    pub(crate) fn market_admin(&self, slot: Slot, admin: &Admin) -> MarketAdminServiceClient<WithToken> {
        MarketAdminServiceClient::with_interceptor(self.betting.at(slot).clone(), admin.0.clone())
    }

    /// Every cell.
    pub(crate) fn market_admins(&self, admin: &Admin) -> Cells<MarketAdminServiceClient<WithToken>> {
        self.betting.map(|cell| MarketAdminServiceClient::with_interceptor(cell.clone(), admin.0.clone()))
    }

    /// What admins have done: to accounts and to markets and bets, in each cell, and to the schedule.
    pub(crate) fn admin_logs(&self, admin: &Admin) -> Vec<AdminLogServiceClient<WithToken>> {
        let channels = self.account.iter().chain(self.betting.iter()).chain([&self.league_schedule]);
        channels
            .map(|channel| AdminLogServiceClient::with_interceptor(channel.clone(), admin.0.clone()))
            .collect()
    }

    /// Every cell of betting, for calls that stream until they are dropped.
    pub(crate) fn betting_streams(&self) -> Cells<BettingServiceClient<Channel>> {
        self.betting_streams.map(|cell| BettingServiceClient::new(cell.clone()))
    }

    /// The first cell.
    pub(crate) fn account_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.account.first().clone())
    }

    pub(crate) fn league_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.league_schedule.clone())
    }

    /// The first cell.
    pub(crate) fn betting_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.betting.first().clone())
    }
}
