//! What the contracts' descriptors say there is: services, and the methods that calls can be counted by.

use std::{collections::HashSet, sync::LazyLock};

use loljoa_proto::DESCRIPTORS;
use prost::Message;
use prost_types::FileDescriptorSet;

/// What a call counts as whose method is in no contract. Whoever calls chooses the path, and each name that is counted stays
/// in memory.
pub(super) const OTHER: &str = "other";
/// Served by every service.
const COMMON: [&str; 2] = ["loljoa.ops.v1.", "grpc."];
/// Served by those that write down what admins do.
const LOGGED: (&str, [&str; 3]) = ("loljoa.admin.v1.", ["account", "betting", "league-schedule"]);

static CONTRACTS: LazyLock<Contracts> = LazyLock::new(Contracts::read);

#[derive(Default)]
struct Contracts {
    services: Vec<String>,
    /// As `/package.Service/Method`.
    methods: HashSet<String>,
}

impl Contracts {
    fn read() -> Self {
        let mut contracts = Self::default();
        for set in sets() {
            // What is compiled in can be read; if not, calls count as others.
            contracts.add(&FileDescriptorSet::decode(set).unwrap_or_default());
        }
        contracts
    }

    fn add(&mut self, set: &FileDescriptorSet) {
        for file in &set.file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                self.methods.extend(service.method.iter().map(|method| format!("/{name}/{}", method.name())));
                self.services.push(name);
            }
        }
    }
}

/// Our contracts, and the standard ones that are served or answered with beside them.
pub(super) const fn sets() -> [&'static [u8]; 4] {
    [
        DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_types::pb::FILE_DESCRIPTOR_SET,
    ]
}

/// The name that a call of `path` counts by.
pub(super) fn method(path: &str) -> &'static str {
    CONTRACTS.methods.get(path).map_or(OTHER, String::as_str)
}

/// A method's name without the slash before it, as traces have it. One that does not exist is `_OTHER` there.
pub(super) fn bare(method: &'static str) -> &'static str {
    if method == OTHER { "_OTHER" } else { method.trim_start_matches('/') }
}

/// The gRPC services that `service` serves, such as `loljoa.account.v1.LedgerService` by `account`.
pub(super) fn services(service: &str) -> impl Iterator<Item = &'static str> + use<> {
    let own = format!("loljoa.{}.", service.replace('-', "_"));
    let (log, logs) = LOGGED;
    let logs = logs.contains(&service);
    let is_served = move |name: &&str| {
        name.starts_with(&own)
            || COMMON.iter().any(|common| name.starts_with(common))
            || logs && name.starts_with(log)
    };
    CONTRACTS.services.iter().map(String::as_str).filter(is_served)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_by_methods_that_exist() {
        let place = "/loljoa.betting.v1.BettingService/PlaceBets";
        assert_eq!(method(place), place);
        assert_eq!(method("/grpc.health.v1.Health/Check"), "/grpc.health.v1.Health/Check");
        for made_up in ["/loljoa.betting.v1.BettingService/Place", "/a/b", "", "//"] {
            assert_eq!(method(made_up), OTHER);
        }
    }

    #[test]
    fn a_service_serves_its_own_contracts_and_the_common_ones() {
        let served: Vec<_> = services("league-schedule").collect();
        for name in [
            "loljoa.league_schedule.v1.LeagueFeedService",
            "loljoa.admin.v1.AdminLogService",
            "loljoa.ops.v1.OpsService",
            "grpc.health.v1.Health",
        ] {
            assert!(served.contains(&name), "{name} in {served:?}");
        }
        assert!(!served.iter().any(|name| name.starts_with("loljoa.account")), "{served:?}");
    }
}
