//! What every request works with.

use std::{sync::Arc, time::Duration};

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
    Clock,
    grpc::{Channel, Ops, client},
    health::Health,
    identity::{Bearer, Keys, Revocations, Verifier},
};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

use crate::{
    SERVICE,
    auth::{
        Admin, Token,
        daily_grant::{self, Claimer, DailyGrants},
    },
    betting::{
        coalescer::{self, Coalescer},
        looks::{self, Looker},
        markets::Hub,
    },
    config::{Config, Http},
    http::{client_address::Proxies, reading::Pace},
    limits::Limits,
    streams::Streams,
    usernames::Usernames,
};

/// The state of one replica. None of it is needed by another replica.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) keys: Arc<Keys>,
    pub(crate) revocations: Arc<Revocations>,
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
    pub(crate) http: Http,
    pub(crate) pace: Pace,
    pub(crate) proxies: Proxies,
    pub(crate) secure_cookies: bool,
    /// Cancelled when streams have to end.
    pub(crate) closing: CancellationToken,
}

/// Who makes the calls that requests share; they end when nobody can ask them any more.
pub(crate) struct Workers {
    pub(crate) coalescer: Arc<Coalescer>,
    pub(crate) looker: Arc<Looker>,
    pub(crate) claimer: Claimer,
}

/// Calls that take the token of whoever asks along.
pub(crate) type WithToken = InterceptedService<Channel, Bearer>;

/// The services behind the gateway.
pub(crate) struct Services {
    account: Channel,
    league_schedule: Channel,
    betting: Channel,
    /// A connection of its own: streams that are not read fill its window, not that of bets.
    betting_streams: Channel,
}

impl Services {
    pub(crate) fn account(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.account.clone())
    }

    /// Account, for what it lets nobody do but the account's owner.
    pub(crate) fn own_account(&self, token: &Token) -> AccountServiceClient<WithToken> {
        AccountServiceClient::with_interceptor(self.account.clone(), token.0.clone())
    }

    pub(crate) fn account_admin(&self, admin: &Admin) -> AccountAdminServiceClient<WithToken> {
        AccountAdminServiceClient::with_interceptor(self.account.clone(), admin.0.clone())
    }

    /// What admins have done to accounts.
    pub(crate) fn account_log(&self, admin: &Admin) -> AdminLogServiceClient<WithToken> {
        AdminLogServiceClient::with_interceptor(self.account.clone(), admin.0.clone())
    }

    pub(crate) fn league(&self) -> LeagueServiceClient<Channel> {
        LeagueServiceClient::new(self.league_schedule.clone())
    }

    pub(crate) fn league_admin(&self, admin: &Admin) -> LeagueAdminServiceClient<WithToken> {
        LeagueAdminServiceClient::with_interceptor(self.league_schedule.clone(), admin.0.clone())
    }

    pub(crate) fn betting(&self) -> BettingServiceClient<Channel> {
        BettingServiceClient::new(self.betting.clone())
    }

    pub(crate) fn market_admin(&self, admin: &Admin) -> MarketAdminServiceClient<WithToken> {
        MarketAdminServiceClient::with_interceptor(self.betting.clone(), admin.0.clone())
    }

    /// What admins have done to markets and bets.
    pub(crate) fn betting_log(&self, admin: &Admin) -> AdminLogServiceClient<WithToken> {
        AdminLogServiceClient::with_interceptor(self.betting.clone(), admin.0.clone())
    }

    /// What admins have done to the schedule.
    pub(crate) fn league_log(&self, admin: &Admin) -> AdminLogServiceClient<WithToken> {
        AdminLogServiceClient::with_interceptor(self.league_schedule.clone(), admin.0.clone())
    }

    /// Betting, for calls that stream until they are dropped.
    pub(crate) fn betting_streams(&self) -> BettingServiceClient<Channel> {
        BettingServiceClient::new(self.betting_streams.clone())
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
    /// Connects everything; what waits for a call together is called for by the workers that come with it.
    pub(crate) fn new(
        config: &Config,
        health: &Health,
        clock: Clock,
        closing: CancellationToken,
    ) -> anyhow::Result<(Arc<Self>, Workers)> {
        let services = Services {
            account: client::connect_from(SERVICE, &config.upstreams.account)?,
            league_schedule: client::connect_from(SERVICE, &config.upstreams.league_schedule)?,
            betting: client::connect_from(SERVICE, &config.upstreams.betting)?,
            betting_streams: client::connect_from(SERVICE, &config.upstreams.betting)?.for_streams(),
        };
        let keys = Arc::new(Keys::new(services.account.clone(), config.tokens.refresh_pause()));
        let revocations = Arc::new(Revocations::new(services.account.clone(), Arc::clone(&keys)));
        let usernames = Arc::new(Usernames::new(services.account()));
        let (looks, looker) = looks::new(services.betting(), Arc::clone(&usernames));
        let markets = Arc::new(Hub::new(looks, services.betting_streams(), Arc::clone(&usernames)));
        let (bets, coalescer) =
            coalescer::new(services.betting(), Arc::clone(&usernames), Arc::clone(&markets), &config.bets);
        let (daily_grants, claimer) = daily_grant::new(services.account(), clock.clone());
        let app = Self {
            tokens: Verifier::new(&config.tokens, Arc::clone(&keys), clock.clone()),
            daily_grants,
            markets,
            streams: Arc::new(Streams::new(&config.streams)),
            limits: Arc::new(Limits::new(&config.limits)),
            ops: Ops::new(health.clone(), config.runtime.experiments),
            timeout: Duration::from_millis(config.http.timeout_ms),
            pace: Pace::new(&config.http),
            proxies: Proxies::new(&config.http),
            http: config.http.clone(),
            secure_cookies: config.cookies.secure,
            services,
            keys,
            revocations,
            usernames,
            bets,
            clock,
            closing,
        };
        Ok((Arc::new(app), Workers { coalescer, looker, claimer }))
    }
}
