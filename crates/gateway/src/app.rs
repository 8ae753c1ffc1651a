//! What every request works with.

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::{
    Cells, Clock,
    grpc::Ops,
    health::Health,
    identity::{Keys, Revocations, Verifier},
};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::daily_grant::{self, Claimer, DailyGrants},
    betting::{
        coalescer::{self, Coalescer, Depth},
        looks::{self, Looker},
        markets::Hub,
    },
    config::{Config, Http},
    http::{client_address::Proxies, reading::Pace},
    limits::Limits,
    services::Services,
    status::Look,
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
    pub(crate) bets: Cells<coalescer::Handle>,
    pub(crate) markets: Arc<Hub>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) status: Look,
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
    /// One for each of betting's cells.
    pub(crate) coalescers: Vec<Arc<Coalescer>>,
    /// What waits for each of them.
    pub(crate) queues: Vec<Depth>,
    pub(crate) looker: Arc<Looker>,
    pub(crate) claimer: Claimer,
}

impl App {
    /// Connects everything; what waits for a call together is called for by the workers that come with it.
    pub(crate) fn new(
        config: &Config,
        health: &Health,
        clock: Clock,
        closing: CancellationToken,
    ) -> anyhow::Result<(Arc<Self>, Workers)> {
        let services = Services::connect(&config.upstreams)?;
        let keys = Arc::new(Keys::new(services.account_channels().clone(), config.tokens.refresh_pause()));
        let revocations = Arc::new(Revocations::new(services.account_channels().clone(), &keys));
        let usernames = Arc::new(Usernames::new(services.accounts()));
        let (looks, looker) = looks::new(services.bettings(), Arc::clone(&usernames));
        let markets = Arc::new(Hub::new(looks, services.betting_streams(), Arc::clone(&usernames)));
        let (mut coalescers, mut queues) = (Vec::new(), Vec::new());
        let bets = services.bettings().map(|betting| {
            let (usernames, markets) = (Arc::clone(&usernames), Arc::clone(&markets));
            let (bets, coalescer) = coalescer::new(betting.clone(), usernames, markets, &config.bets);
            coalescers.push(coalescer);
            queues.push(bets.depth());
            bets
        });
        let (daily_grants, claimer) = daily_grant::new(services.accounts(), clock.clone());
        let app = Self {
            tokens: Verifier::new(&config.tokens, Arc::clone(&keys), clock.clone()),
            daily_grants,
            markets,
            streams: Arc::new(Streams::new(&config.streams)),
            status: Look::new(Duration::from_millis(config.http.timeout_ms)),
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
        Ok((Arc::new(app), Workers { coalescers, queues, looker, claimer }))
    }
}
