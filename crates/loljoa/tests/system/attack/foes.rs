//! The attackers, and what they are told.
//!
//! They have a thread of their own that stands back: elsewhere they would be other machines, and what they do for themselves would
//! take nothing from services and honest users.

use std::{
    collections::BTreeMap,
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use futures::future::join_all;
use loljoa::system::Service;
use tokio::{runtime, task};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{calls, honest::Honest, requests, scale::Scale, sockets};
use crate::support::App;

/// Stands in whatever attackers make up, so that it is known again.
pub(super) const MADE_UP: &str = "madeupbyfoes";

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SilentSockets,
    HalfPrefaces,
    SlowHeads,
    SlowBodies,
    UnreadStreams,
    UnreadAnswers,
    NoWindow,
    OneStreamRead,
    RapidResets,
    SilentAtServices,
    ForgedCursors,
    ForgedTokens,
    RefreshStorm,
    LogInStorm,
    SignUpStorm,
    RandomPaths,
    RandomMethods,
    OversizedHeads,
    OversizedBodies,
    OversizedQueries,
    WrongContentTypes,
    RandomCalls,
    OversizedCalls,
}

impl Kind {
    pub(super) const ALL: &[Self] = &[
        Self::SilentSockets,
        Self::HalfPrefaces,
        Self::SlowHeads,
        Self::SlowBodies,
        Self::UnreadStreams,
        Self::UnreadAnswers,
        Self::NoWindow,
        Self::OneStreamRead,
        Self::RapidResets,
        Self::SilentAtServices,
        Self::ForgedCursors,
        Self::ForgedTokens,
        Self::RefreshStorm,
        Self::LogInStorm,
        Self::SignUpStorm,
        Self::RandomPaths,
        Self::RandomMethods,
        Self::OversizedHeads,
        Self::OversizedBodies,
        Self::OversizedQueries,
        Self::WrongContentTypes,
        Self::RandomCalls,
        Self::OversizedCalls,
    ];

    /// An address that only attackers of this kind have.
    pub(super) fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 66, self as u8, 1)
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// An answer with this status.
    Status(u16),
    /// An answer to a call.
    Code(i32),
    /// The connection was closed.
    Closed,
}

impl Told {
    /// Whether something broke that no client should be able to break.
    pub(super) const fn is_our_fault(self) -> bool {
        match self {
            Self::Status(status) => status >= 500 && status != 503 && status != 501,
            Self::Code(code) => code == tonic::Code::Internal as i32 || code == tonic::Code::Unknown as i32,
            Self::Closed => false,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}:"),
            Self::Code(code) => write!(f, "{:?}:", tonic::Code::from_i32(*code)),
            Self::Closed => f.write_str("closed:"),
        }
    }
}

/// What each attacker knows.
pub(super) struct Target {
    pub(super) gateway: SocketAddr,
    /// Where the services take calls.
    pub(super) services: Vec<SocketAddr>,
    pub(super) match_id: Uuid,
    pub(super) connections: usize,
    pub(super) streams: u32,
    pub(super) at_once: usize,
    pub(super) pause: Duration,
    told: Mutex<BTreeMap<(&'static str, Told), usize>>,
}

impl Target {
    pub(super) fn count(&self, what: &'static str, told: Told) {
        *self.told.lock().unwrap().entry((what, told)).or_default() += 1;
    }
}

/// All attackers, until it is over.
pub(super) struct Foes {
    target: Arc<Target>,
    over: DropGuard,
    at_it: JoinHandle<()>,
}

impl Foes {
    pub(super) fn begin(app: &App, honest: &Honest, scale: &Scale, kinds: &[Kind]) -> Self {
        let at = |service| app.system.addresses()[&service].service;
        let target = Arc::new(Target {
            gateway: at(Service::Gateway),
            services: [Service::Account, Service::LeagueSchedule, Service::Betting].map(at).into(),
            match_id: honest.game.match_id,
            connections: scale.connections,
            streams: scale.streams,
            at_once: scale.at_once,
            pause: scale.pause,
            told: Mutex::default(),
        });
        let over = CancellationToken::new();
        let (attacked, until, kinds) = (Arc::clone(&target), over.clone(), kinds.to_vec());
        let at_it = thread::spawn(move || {
            stand_back();
            let all = join_all(kinds.iter().map(|kind| attack(*kind, &attacked)));
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(until.run_until_cancelled(all));
        });
        Self { target, over: over.drop_guard(), at_it }
    }

    /// Ends the attack; what the attackers held is dropped. Tells what they were told.
    pub(super) async fn end(self) -> BTreeMap<(&'static str, Told), usize> {
        drop(self.over);
        task::spawn_blocking(|| self.at_it.join().unwrap()).await.unwrap();
        std::mem::take(&mut *self.target.told.lock().unwrap())
    }
}

/// Lets everything else go first, on this thread.
fn stand_back() {
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let renice = Command::new("renice").args(["-n", "19", "-p"]).arg(thread.file_name().unwrap()).output();
    assert!(renice.unwrap().status.success());
}

async fn attack(kind: Kind, target: &Target) {
    match kind {
        Kind::SilentSockets
        | Kind::HalfPrefaces
        | Kind::SlowHeads
        | Kind::SlowBodies
        | Kind::UnreadStreams
        | Kind::UnreadAnswers
        | Kind::NoWindow
        | Kind::OneStreamRead
        | Kind::RapidResets
        | Kind::SilentAtServices => sockets::hold(kind, target).await,
        Kind::RandomCalls | Kind::OversizedCalls => calls::storm(kind, target).await,
        _ => requests::storm(kind, target).await,
    }
}
