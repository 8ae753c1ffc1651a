//! Limits of hashing, throttling, the ledger and the audit.

use std::{thread, time::Duration};

use loljoa_service_kit::{
    config::{Check, Problems},
    gather::Gathering,
};
use serde::{Deserialize, Serialize};

use crate::domain::throttle::{Policies, Policy};

/// The least memory of a password hash; less is for tests of the code, not for passwords.
const LEAST_MEMORY_KIB: u32 = 64;

fn require(problems: &mut Problems, key: &str, value: u64, least: u64, most: u64) {
    let allowed = format!("must be from {least} to {most}");
    problems.require((least..=most).contains(&value), key, value, &allowed);
}

/// Password hashing with argon2id. The defaults are OWASP's recommendation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory of one hash. KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Hashes computed at once, each on a thread of its own of low priority. Each takes a core and `memory_kib`; by
    /// itself half of the cores, so that the ledger has the rest.
    pub concurrency: usize,
    /// Requests that wait for their hash; the next one is told to come again.
    pub waiting: usize,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { memory_kib: 19_456, passes: 2, concurrency: (cores / 2).max(1), waiting: 64 }
    }
}

impl Check for Passwords {
    fn check(&self, problems: &mut Problems) {
        let least = u64::from(LEAST_MEMORY_KIB);
        require(problems, "passwords.memory_kib", u64::from(self.memory_kib), least, 4_194_304);
        require(problems, "passwords.passes", u64::from(self.passes), 1, 100);
        require(problems, "passwords.concurrency", self.concurrency as u64, 1, 1_024);
        require(problems, "passwords.waiting", self.waiting as u64, 0, 100_000);
    }
}

/// How long an address (IPv6: a /64) waits after failed log-ins.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Failures to one account from one address that cost nothing.
    pub free_failures: u32,
    /// Failures to all accounts together from one address that cost nothing. Many people may share an address.
    pub address_free_failures: u32,
    /// The same from one /48 of IPv6, which is 65,536 addresses.
    pub network_free_failures: u32,
    /// The first wait; each further failure doubles it. Seconds.
    pub first_wait_seconds: u64,
    /// The longest wait. Seconds.
    pub longest_wait_seconds: u64,
    /// The longest wait of an address, or of a network, after failures to all accounts together: one who fails must not keep the neighbours who
    /// share it out for long. Seconds.
    pub address_longest_wait_seconds: u64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            free_failures: 5,
            address_free_failures: 30,
            network_free_failures: 300,
            first_wait_seconds: 1,
            longest_wait_seconds: 300,
            address_longest_wait_seconds: 5,
        }
    }
}

impl Throttle {
    pub(crate) fn policies(&self) -> Policies {
        let policy = |free_failures, longest| Policy {
            free_failures: i32::try_from(free_failures).unwrap_or(i32::MAX),
            first_wait: Duration::from_secs(self.first_wait_seconds),
            longest_wait: Duration::from_secs(longest),
        };
        Policies {
            account: policy(self.free_failures, self.longest_wait_seconds),
            address: policy(self.address_free_failures, self.address_longest_wait_seconds),
            network: policy(self.network_free_failures, self.address_longest_wait_seconds),
        }
    }
}

impl Check for Throttle {
    fn check(&self, problems: &mut Problems) {
        require(problems, "throttle.free_failures", u64::from(self.free_failures), 1, 1_000);
        for (key, failures) in [
            ("throttle.address_free_failures", self.address_free_failures),
            ("throttle.network_free_failures", self.network_free_failures),
        ] {
            require(problems, key, u64::from(failures), 1, 1_000_000);
        }
        require(problems, "throttle.first_wait_seconds", self.first_wait_seconds, 1, 3_600);
        for (key, longest) in [
            ("throttle.longest_wait_seconds", self.longest_wait_seconds),
            ("throttle.address_longest_wait_seconds", self.address_longest_wait_seconds),
        ] {
            require(problems, key, longest, self.first_wait_seconds, 86_400);
        }
    }
}

/// The points ledger.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Transfers of one class (bets, payments) that wait to be applied or are being applied. Twice as many may wait for
    /// a place.
    pub queue_capacity: u32,
    /// How long a call waits for its places before it is told to come again. Shorter than a caller's deadline, less the
    /// time of a batch. Milliseconds.
    pub patience_ms: u64,
    /// The most batches of bets applied at once.
    pub workers: usize,
    /// When a batch of bets, or of payments, begins while another of its class is under way.
    pub gather: Gathering,
    /// Batches of payments applied at once, and calls that record results at once.
    pub payment_workers: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            queue_capacity: 20_000,
            patience_ms: 1_000,
            workers: 2,
            gather: Gathering::default(),
            payment_workers: 1,
        }
    }
}

impl Ledger {
    /// The connections that are in use when all classes are busy.
    pub(crate) fn connections(&self) -> u32 {
        u32::try_from(self.workers + 2 * self.payment_workers).unwrap_or(u32::MAX)
    }
}

impl Check for Ledger {
    fn check(&self, problems: &mut Problems) {
        require(problems, "ledger.queue_capacity", u64::from(self.queue_capacity), 5_000, 1_000_000);
        require(problems, "ledger.patience_ms", self.patience_ms, 1, 60_000);
        require(problems, "ledger.workers", self.workers as u64, 1, 64);
        self.gather.check("ledger.gather", problems);
        require(problems, "ledger.payment_workers", self.payment_workers as u64, 1, 64);
    }
}

/// What anybody may look at: accounts, ranks, statements, names.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reads {
    /// Connections of their own, so that a rush of readers takes none from log-ins, bets or payments.
    pub connections: u32,
}

impl Default for Reads {
    fn default() -> Self {
        Self { connections: 4 }
    }
}

impl Check for Reads {
    fn check(&self, problems: &mut Problems) {
        require(problems, "reads.connections", u64::from(self.connections), 1, 1_000);
    }
}

/// The continuous audit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// The pause between two looks. Seconds.
    pub every_seconds: u64,
    /// The most that the audit takes of the time, in percent; five times as much while it is late.
    pub share_percent: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { every_seconds: 10, share_percent: 2 }
    }
}

impl Check for Audit {
    fn check(&self, problems: &mut Problems) {
        require(problems, "audit.every_seconds", self.every_seconds, 1, 86_400);
        require(problems, "audit.share_percent", u64::from(self.share_percent), 1, 100);
    }
}
