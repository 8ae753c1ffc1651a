//! What one client, and all of them together, may use.

use std::{
    hash::Hash,
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use loljoa_service_kit::{
    AccountId, Error, ErrorCode,
    edge::{Place, Places},
    metrics,
    origin::{limit_key, network_key},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::{SERVICE, config};

/// The limiter of all requests under way, in metrics.
pub(crate) const IN_FLIGHT: &str = "in_flight";
const FORGET_EVERY: Duration = Duration::from_secs(5);

/// What a request is told for which there is no room.
#[must_use]
pub(crate) fn overloaded() -> Error {
    let full = Error::new(ErrorCode::Unavailable, "overloaded", "too many requests at once");
    Error { retry_after: Some(Duration::from_secs(1)), ..full }
}

/// The limits of one replica.
pub(crate) struct Limits {
    in_flight: Arc<Semaphore>,
    in_flight_by_address: Arc<Places>,
    per_address: Limiter<IpAddr>,
    per_account: Limiter<AccountId>,
    sign_up: ByOrigin,
    log_in: ByOrigin,
}

impl Limits {
    pub(crate) fn new(config: &config::Limits) -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(config.max_in_flight)),
            in_flight_by_address: Places::new(
                NonZeroUsize::new(config.max_in_flight_per_address).map(Into::into),
            ),
            per_address: Limiter::new(per_second(config.per_address)),
            per_account: Limiter::new(per_second(config.per_account)),
            sign_up: ByOrigin::new(config.sign_up, config.sign_up_per_network),
            log_in: ByOrigin::new(config.log_in, config.log_in_per_network),
        }
    }

    /// Whether one more request may be under way. Where two ask at once, one of them may find none when it enters.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight.available_permits() > 0
    }

    /// A place among the requests under way, and among those of its address, held until its answer begins.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<(OwnedSemaphorePermit, Place), Error> {
        let own = self.in_flight_by_address.take(address).ok_or_else(|| {
            metrics::refused(SERVICE, "in_flight_per_address");
            let message = "too many requests of this address at once";
            Error::exhausted("too_many_requests_at_once", message, Duration::from_secs(1))
        })?;
        let place = Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| {
            metrics::refused(SERVICE, IN_FLIGHT);
            overloaded()
        })?;
        Ok((place, own))
    }

    /// Counts a request against its address.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Error> {
        self.per_address.check(&address, "per_address", "too many requests from this address")
    }

    /// Counts a request against its account.
    pub(crate) fn check_account(&self, account_id: AccountId) -> Result<(), Error> {
        self.per_account.check(&account_id, "per_account", "too many requests of this account")
    }

    /// Counts a sign-up against its address and its network.
    pub(crate) fn check_sign_up(&self, address: IpAddr) -> Result<(), Error> {
        let names = ["sign_up", "sign_up_per_network"];
        self.sign_up.check(address, names, "too many new accounts from this address")
    }

    /// Counts a password that is to be checked against its address and its network.
    pub(crate) fn check_log_in(&self, address: IpAddr) -> Result<(), Error> {
        let names = ["log_in", "log_in_per_network"];
        self.log_in.check(address, names, "too many log-ins from this address")
    }

    /// Forgets clients whose allowance is full again, until `shutdown`, so that memory follows who is there now.
    pub(crate) async fn forget_idle(&self, shutdown: CancellationToken) {
        let mut ticks = time::interval(FORGET_EVERY);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            self.per_address.forget_idle();
            self.per_account.forget_idle();
            self.sign_up.forget_idle();
            self.log_in.forget_idle();
        }
    }
}

/// A rate of 0 is no limit.
fn per_second(rate: config::Rate) -> Option<Quota> {
    let quota = NonZeroU32::new(rate.per_second).zip(NonZeroU32::new(rate.burst));
    quota.map(|(rate, burst)| Quota::per_second(rate).allow_burst(burst))
}

/// A rate of 0 is no limit.
fn per_minute(rate: config::SlowRate) -> Option<Quota> {
    let quota = NonZeroU32::new(rate.per_minute).zip(NonZeroU32::new(rate.burst));
    quota.map(|(rate, burst)| Quota::per_minute(rate).allow_burst(burst))
}

/// A rate limit per address, and a larger one per network of many addresses.
struct ByOrigin {
    address: Limiter<IpAddr>,
    network: Limiter<IpAddr>,
}

impl ByOrigin {
    fn new(address: config::SlowRate, network: config::SlowRate) -> Self {
        Self { address: Limiter::new(per_minute(address)), network: Limiter::new(per_minute(network)) }
    }

    /// The address comes first: what it has too much of costs its neighbours nothing.
    fn check(&self, address: IpAddr, names: [&'static str; 2], message: &str) -> Result<(), Error> {
        self.address.check(&limit_key(address), names[0], message)?;
        network_key(address).map_or(Ok(()), |network| self.network.check(&network, names[1], message))
    }

    fn forget_idle(&self) {
        self.address.forget_idle();
        self.network.forget_idle();
    }
}

/// A rate limit per key, or none.
struct Limiter<K: Hash + Eq + Clone>(Option<RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>>);

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(quota: Option<Quota>) -> Self {
        Self(quota.map(RateLimiter::keyed))
    }

    fn check(&self, key: &K, name: &'static str, message: &str) -> Result<(), Error> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(key).map_err(|until| {
            metrics::refused(SERVICE, name);
            let wait = until.wait_time_from(limiter.clock().now());
            Error::exhausted("rate_limited", message, wait.max(Duration::from_secs(1)))
        })
    }

    fn forget_idle(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_address: config::Rate) -> Limits {
        Limits::new(&config::Limits { per_address, max_in_flight: 1, ..config::Limits::default() })
    }

    #[test]
    fn one_address_does_not_use_up_what_another_may() {
        let limits = limits(config::Rate { per_second: 1, burst: 2 });
        let (greedy, modest) = ("1.2.3.4".parse().unwrap(), "5.6.7.8".parse().unwrap());
        assert!(limits.check_address(greedy).is_ok());
        assert!(limits.check_address(greedy).is_ok());
        let refused = limits.check_address(greedy).unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (ErrorCode::Exhausted, "rate_limited"));
        assert!(refused.retry_after.unwrap() >= Duration::from_secs(1));
        assert!(limits.check_address(modest).is_ok());
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let limits = limits(config::Rate { per_second: 0, burst: 0 });
        let address = "1.2.3.4".parse().unwrap();
        assert!((0..10_000).all(|_| limits.check_address(address).is_ok()));
    }

    #[test]
    fn a_place_is_free_again_when_its_request_is_answered() {
        let limits = limits(config::Rate { per_second: 0, burst: 0 });
        let [one, other] = ["1.2.3.4", "5.6.7.8"].map(|address| address.parse().unwrap());
        let place = limits.enter(one).unwrap();
        assert_eq!(limits.enter(other).unwrap_err().reason, "overloaded");
        drop(place);
        assert!(limits.enter(other).is_ok());
    }

    #[test]
    fn one_address_leaves_places_for_others() {
        let config = config::Limits { max_in_flight_per_address: 1, ..config::Limits::default() };
        let limits = Limits::new(&config);
        let [one, other] = ["1.2.3.4", "5.6.7.8"].map(|address| address.parse().unwrap());
        let _place = limits.enter(one).unwrap();
        let refused = limits.enter(one).unwrap_err();
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (ErrorCode::Exhausted, "too_many_requests_at_once")
        );
        assert!(limits.enter(other).is_ok());
    }
}
