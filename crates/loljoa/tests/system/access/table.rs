//! Who may call what: every gRPC call of every service, as `mod.rs` tries it over the wire. A call that is missing here fails
//! the test, and so does a line whose call is gone.
//!
//! Who may ask what of the admin port stands here as well. Who may make a call of the API over HTTP stands in the gateway's own table (`crates/gateway/src/auth/access.rs`), which
//! the OpenAPI document shows and `crates/gateway/tests/it/access.rs` tries.

use Caller::{AnAdmin, ForSomebodyElse, Nobody, OfARemovedKey, OfAUser, OfAnEndedSession, TooLate};
use Door::{Admins, Owner, OwnersPassword, Peers};
use Outcome::{In, Refused};

/// What lets a call in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Whoever reaches the port. No access token is looked at: the mesh alone says which workload that may be, and the message
    /// carries whatever else is asked for (a password, a refresh token).
    Peers,
    /// The access token of the account that the call acts on, while its session goes on.
    Owner,
    /// The same, and the account's present password, even if the session has ended: the call ends it, and may be sent again.
    OwnersPassword,
    /// The access token of an admin, while its session goes on.
    Admins,
}

/// Who makes a call, by the access token that comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// No token.
    Nobody,
    /// A user's, of an open session.
    OfAUser,
    /// An admin's, of an open session.
    AnAdmin,
    /// Signed with the right key, an admin's, for another audience.
    ForSomebodyElse,
    /// Signed with the right key, an admin's, and its end has passed.
    TooLate,
    /// An admin's, whose session was logged out.
    OfAnEndedSession,
    /// An admin's, signed with a key that was published until it was removed.
    OfARemovedKey,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is let in, and answered as its message deserves.
    In,
    /// It is refused with this reason before its message is looked at.
    Refused(&'static str),
}

/// Who × door → outcome.
#[rustfmt::skip]
pub(super) const OUTCOMES: [(Caller, [(Door, Outcome); 4]); 7] = [
    (Nobody,           [(Peers, In), (Owner, Refused("token_missing")), (OwnersPassword, Refused("token_missing")), (Admins, Refused("token_missing"))]),
    (OfAUser,          [(Peers, In), (Owner, In),                       (OwnersPassword, In),                       (Admins, Refused("admin_required"))]),
    (AnAdmin,          [(Peers, In), (Owner, In),                       (OwnersPassword, In),                       (Admins, In)]),
    (ForSomebodyElse,  [(Peers, In), (Owner, Refused("token_invalid")), (OwnersPassword, Refused("token_invalid")), (Admins, Refused("token_invalid"))]),
    (TooLate,          [(Peers, In), (Owner, Refused("token_expired")), (OwnersPassword, Refused("token_expired")), (Admins, Refused("token_expired"))]),
    (OfAnEndedSession, [(Peers, In), (Owner, Refused("session_over")),  (OwnersPassword, In),                       (Admins, Refused("session_over"))]),
    (OfARemovedKey,    [(Peers, In), (Owner, Refused("token_invalid")), (OwnersPassword, Refused("token_invalid")), (Admins, Refused("token_invalid"))]),
];

/// The calls of one gRPC service, each with its door.
pub(super) struct Calls {
    /// Its full name.
    pub(super) service: &'static str,
    /// The services that serve it, as the contracts' packages call them.
    pub(super) servers: &'static [&'static str],
    pub(super) doors: &'static [(&'static str, Door)],
}

/// Every call.
pub(super) const TABLE: &[Calls] = &[
    // The gateway calls it for whoever is at the edge; betting and league-schedule ask for keys and revocations.
    Calls {
        service: "loljoa.account.v1.AccountService",
        servers: &["account"],
        doors: &[
            // Whoever calls brings a name and a password, or a refresh token.
            ("SignUp", Peers),
            ("LogIn", Peers),
            ("Refresh", Peers),
            ("LogOut", Peers),
            // What ends sessions or changes a password is the owner's.
            ("LogOutAll", Owner),
            ("EndOtherSessions", Owner),
            ("ChangePassword", OwnersPassword),
            // Reads, by any account's id: the gateway says whose. It could say another.
            ("GetAccount", Peers),
            ("ListTransfers", Peers),
            ("ListLeaderboard", Peers),
            ("BatchGetUsernames", Peers),
            // Once a day for an account, whoever asks and however often.
            ("ClaimDailyGrant", Peers),
            // Public by nature.
            ("GetJwks", Peers),
            ("ListRevocations", Peers),
            ("GetStatus", Peers),
        ],
    },
    Calls {
        service: "loljoa.account.v1.AccountAdminService",
        servers: &["account"],
        doors: &[
            ("FindAccount", Admins),
            ("DisableAccount", Admins),
            ("EnableAccount", Admins),
            ("EndSessions", Admins),
        ],
    },
    // Betting's alone, by the mesh. The ledger bounds what it does for whoever calls (docs/adr/0023): no grants, no market pays
    // more than it holds. But it takes stakes of any account.
    Calls {
        service: "loljoa.account.v1.LedgerService",
        servers: &["account"],
        doors: &[
            ("ApplyTransfers", Peers),
            ("RecordResults", Peers),
            ("ListTransferFeed", Peers),
            ("BatchGetPoolBalances", Peers),
            ("CheckTransfers", Peers),
            ("ClearMarket", Peers),
        ],
    },
    // The gateway's, by the mesh. Bets and cancels are made for the account that the gateway names.
    Calls {
        service: "loljoa.betting.v1.BettingService",
        servers: &["betting"],
        doors: &[
            ("PlaceBets", Peers),
            ("CancelBet", Peers),
            ("GetBet", Peers),
            ("ListBets", Peers),
            ("ListMarkets", Peers),
            ("GetMarket", Peers),
            ("WatchMarkets", Peers),
            ("WatchBets", Peers),
            // Public by nature.
            ("GetStatus", Peers),
        ],
    },
    Calls {
        service: "loljoa.betting.v1.MarketAdminService",
        servers: &["betting"],
        doors: &[
            ("CreateMarket", Admins),
            ("LockMarket", Admins),
            ("SettleMarket", Admins),
            ("VoidMarket", Admins),
            ("CorrectMarket", Admins),
            ("RetryOwed", Admins),
            ("PreviewMatches", Admins),
            ("ListIncidents", Admins),
            ("ResolveIncident", Admins),
        ],
    },
    // Public by nature.
    Calls {
        service: "loljoa.league_schedule.v1.LeagueService",
        servers: &["league_schedule"],
        doors: &[
            ("ListTournaments", Peers),
            ("ListTeams", Peers),
            ("ListMatches", Peers),
            ("GetMatch", Peers),
            ("GetStandings", Peers),
            ("ListQuestions", Peers),
        ],
    },
    Calls {
        service: "loljoa.league_schedule.v1.LeagueAdminService",
        servers: &["league_schedule"],
        doors: &[
            ("ImportSeason", Admins),
            ("RecordResult", Admins),
            ("UpdateMatch", Admins),
            ("RemoveMatch", Admins),
            ("ListSuspects", Admins),
        ],
    },
    // Betting's, by the mesh; nothing in it is secret.
    Calls {
        service: "loljoa.league_schedule.v1.LeagueFeedService",
        servers: &["league_schedule"],
        doors: &[("ListChanges", Peers), ("ListQuestionChanges", Peers)],
    },
    Calls {
        service: "loljoa.admin.v1.AdminLogService",
        servers: &["account", "betting", "league_schedule"],
        doors: &[("ListAdminActions", Admins)],
    },
    // The gateway's, by the mesh, and only where `runtime.experiments` is on, but for Hello.
    Calls {
        service: "loljoa.ops.v1.OpsService",
        servers: &["account", "betting", "league_schedule"],
        doors: &[("Hello", Peers), ("Block", Peers), ("TurnOff", Peers)],
    },
];

/// Every method and path of the admin port, which each service has, with its door.
pub(super) const ADMIN_PORT: [(&str, &str, Door); 6] = [
    ("GET", "/livez", Peers),
    ("GET", "/readyz", Peers),
    ("GET", "/metrics", Peers),
    // Nobody's by the mesh: what is left are loopback connections of the pod (docs/adr/0047).
    ("GET", "/log-level", Admins),
    ("PUT", "/log-level", Admins),
    ("DELETE", "/log-level", Admins),
];
