//! What every request works with.

use std::{sync::Arc, time::Duration};

use loljoa_proto::{
    account::v1::account_service_client::AccountServiceClient,
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
    Clock,
    grpc::{Channel, Ops, client},
    health::Health,
    identity::{Bearer, Keys, Verifier},
};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

use crate::{
    auth::{
        Admin,
        daily_grant::{self, Claimer, DailyGrants},
    },
    betting::{
        coalescer::{self, Coalescer},
        markets::Hub,
    },
    config::Config,
    limits::Limits,
    streams::Streams,
    usernames::Usernames,
};

/// The state of one replica. None of it is needed by another replica.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) keys: Arc<Keys>,
    pub(crate) tokens: Verifier,
    pub(crate) daily_grants: Arc<DailyGrants>,
    pub(crate) usernames: Arc<Usernames>,
    pub(crate) bets: coalescer::Handle,
    pub(crate) markets: Arc<Hub>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) ops: Ops,
    pub(crate) clock: Clock,
    pub(crate) timeout: Duration,
    pub(crate) trusted_proxies: u8,
    pub(crate) secure_cookies: bool,
    pub(crate) keep_alive: Duration,
    pub(crate) hsts_seconds: u32,
    /// Cancelled when streams have to end.
    pub(crate) closing: CancellationToken,
}

/// Calls that take an admin's token along.
pub(crate) type AsAdmin = InterceptedService<Channel, Bearer>;

/// The services behind the gateway.
pub(crate) struct Services {
    account: Channel,
    league_schedule: Channel,
    betting: Channel,
}

impl Services {
    pub(crate) fn account(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.account.clone())
    }

    pub(crate) fn league(&self) -> LeagueServiceClient<Channel> {
        LeagueServiceClient::new(self.league_schedule.clone())
    }

    pub(crate) fn league_admin(&self, admin: &Admin) -> LeagueAdminServiceClient<AsAdmin> {
        LeagueAdminServiceClient::with_interceptor(self.league_schedule.clone(), admin.0.clone())
    }

    pub(crate) fn betting(&self) -> BettingServiceClient<Channel> {
        BettingServiceClient::new(self.betting.clone())
    }

    pub(crate) fn market_admin(&self, admin: &Admin) -> MarketAdminServiceClient<AsAdmin> {
        MarketAdminServiceClient::with_interceptor(self.betting.clone(), admin.0.clone())
    }

    /// What admins have done to markets and bets.
    pub(crate) fn betting_log(&self, admin: &Admin) -> AdminLogServiceClient<AsAdmin> {
        AdminLogServiceClient::with_interceptor(self.betting.clone(), admin.0.clone())
    }

    /// What admins have done to the schedule.
    pub(crate) fn league_log(&self, admin: &Admin) -> AdminLogServiceClient<AsAdmin> {
        AdminLogServiceClient::with_interceptor(self.league_schedule.clone(), admin.0.clone())
    }

    pub(crate) const fn betting_channel(&self) -> &Channel {
        &self.betting
    }

    pub(crate) fn account_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.account.clone())
    }

    pub(crate) fn league_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.league_schedule.clone())
    }

    pub(crate) fn betting_ops(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.betting.clone())
    }
}

impl App {
    /// Connects everything; the calls of waiting bets are made by the coalescer that comes with it, and grants are claimed
    /// by the claimer.
    pub(crate) fn new(
        config: &Config,
        health: &Health,
        clock: Clock,
        closing: CancellationToken,
    ) -> anyhow::Result<(Arc<Self>, Arc<Coalescer>, Claimer)> {
        let services = Services {
            account: client::connect(&config.upstreams.account)?,
            league_schedule: client::connect(&config.upstreams.league_schedule)?,
            betting: client::connect(&config.upstreams.betting)?,
        };
        let keys = Arc::new(Keys::new(services.account.clone(), config.tokens.refresh_pause()));
        let usernames = Arc::new(Usernames::new(services.account()));
        let (bets, coalescer) = coalescer::new(services.betting(), Arc::clone(&usernames), config.bets.queue);
        let (daily_grants, claimer) = daily_grant::new(services.account(), clock.clone());
        let app = Self {
            tokens: Verifier::new(&config.tokens, Arc::clone(&keys), clock.clone()),
            daily_grants,
            markets: Arc::new(Hub::new(&services.betting, Arc::clone(&usernames))),
            streams: Arc::new(Streams::new(&config.streams)),
            limits: Arc::new(Limits::new(&config.limits)),
            ops: Ops::new(health.clone(), config.runtime.experiments),
            timeout: Duration::from_millis(config.http.timeout_ms),
            trusted_proxies: config.http.trusted_proxies,
            secure_cookies: config.cookies.secure,
            keep_alive: Duration::from_millis(config.streams.keep_alive_ms),
            hsts_seconds: config.http.hsts_seconds,
            services,
            keys,
            usernames,
            bets,
            clock,
            closing,
        };
        Ok((Arc::new(app), coalescer, claimer))
    }
}
