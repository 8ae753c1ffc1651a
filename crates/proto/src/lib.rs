//! The contracts between the services, generated from `proto/`.
//!
//! What each message and call means stands in the `.proto` files.

/// The account service: accounts, sessions and the points ledger.
pub mod account {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("loljoa.account.v1");
    }
}

/// What admins have done, as each service that they act on tells it.
pub mod admin {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("loljoa.admin.v1");
    }
}

/// The betting service: markets and bets.
pub mod betting {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("loljoa.betting.v1");
    }
}

/// The league-schedule service: tournaments, teams, matches, results.
pub mod league_schedule {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("loljoa.league_schedule.v1");
    }
}

/// The experiments that every service takes part in.
pub mod ops {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("loljoa.ops.v1");
    }
}

/// Every contract in one descriptor set, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
