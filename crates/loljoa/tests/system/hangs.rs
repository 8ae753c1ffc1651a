//! A service that hangs: its process is stopped (SIGSTOP), so its connections stand and nothing is answered. Who needs it is told
//! so long before any deadline, everybody else goes on, and when it goes on, all is as if nothing had been.

use std::time::Duration;

use loljoa::system::Service;
use loljoa_service_kit::ids;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio::time;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Bettor, Cup, Game, Reply, api::Bet, eventually},
};

/// A tenth of the deadline that calls have here, which is 20 s. Without a breaker each answer takes at least that.
const AT_ONCE: Duration = Duration::from_secs(2);
/// Until the first of them has made it out.
const FOUND_OUT: Duration = Duration::from_secs(10);
const SILENCE_MS: u64 = 300;
const BETS: i64 = 10;

/// A process that is stopped until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn stop(app: &App, service: Service) -> Self {
        let pid = Pid::from_raw(app.system.process(service).unwrap().try_into().unwrap());
        kill(pid, Signal::SIGSTOP).unwrap();
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        kill(self.0, Signal::SIGCONT).unwrap();
    }
}

struct Story {
    app: App,
    cup: Cup,
    game: Game,
    faker: Bettor,
}

impl Story {
    async fn begin() -> Self {
        let app = App::start_as_processes(|options| {
            let betting = options.overrides.get_mut(&Service::Betting).unwrap();
            betting["account"]["silence_ms"] = json!(SILENCE_MS);
            let gateway = options.overrides.get_mut(&Service::Gateway).unwrap();
            for neighbour in ["account", "betting"] {
                gateway["upstreams"][neighbour]["silence_ms"] = json!(SILENCE_MS);
            }
        })
        .await;
        let mut cup = Cup::of(&app).await;
        let (game, faker) = (cup.game().await, app.sign_up("faker").await);
        app.fund(faker.account_id, 100 * BETS).await;
        faker.bet(&game.winner, "T1", 100).await;
        Self { app, cup, game, faker }
    }

    async fn bet(&self, key: Uuid) -> Reply {
        self.faker.try_bet(key, &self.game.winner, "T1", 100).await
    }

    /// Bets while a service hangs. The first finds it out, the others are answered at once; each is told to come again.
    async fn bet_in_vain(&self) -> Vec<Uuid> {
        let keys: Vec<Uuid> = (0..BETS).map(|_| ids::fresh()).collect();
        for (number, key) in keys.iter().enumerate() {
            let within = if number == 0 { FOUND_OUT } else { AT_ONCE };
            let reply = time::timeout(within, self.bet(*key)).await;
            let reply = reply.unwrap_or_else(|_| panic!("bet {number} was not answered within {within:?}"));
            assert_eq!(reply.refusal(), (503, "unavailable".to_owned()), "{}", reply.text);
            assert!(reply.headers.contains_key("retry-after"));
        }
        keys
    }

    /// Whoever asks again under the same keys gets each bet once.
    async fn ends_well(self, keys: Vec<Uuid>) {
        for key in &keys {
            let bet = eventually("a bet", async || {
                let reply = self.bet(*key).await;
                (reply.status == 201).then(|| reply.ok::<Bet>())
            })
            .await;
            assert_eq!(bet.state, "accepted");
        }
        assert_eq!(self.cup.look(&self.game.winner).await.pool, 100 * (BETS + 1));
        assert_eq!(self.faker.me().await.points, 1_500 - 100);
        promises::all_hold(&self.app.db).await;
    }
}

/// What needs no service that hangs is answered as always.
async fn is_there(story: &Story, path: &str) {
    let reply = time::timeout(AT_ONCE, story.faker.http.get(path)).await;
    let reply = reply.unwrap_or_else(|_| panic!("{path} queues behind"));
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
}

#[tokio::test]
async fn while_account_hangs_bets_are_refused_at_once_and_reads_go_on() {
    let story = Story::begin().await;
    let stopped = Stopped::stop(&story.app, Service::Account);
    let keys = story.bet_in_vain().await;
    is_there(&story, "/api/betting/bets").await;
    is_there(&story, "/api/league/tournaments").await;
    is_there(&story, &format!("/api/betting/markets/{}", story.game.winner.market_id)).await;
    drop(stopped);
    story.ends_well(keys).await;
}

#[tokio::test]
async fn while_betting_hangs_bets_are_refused_at_once_and_reads_go_on() {
    let story = Story::begin().await;
    let stopped = Stopped::stop(&story.app, Service::Betting);
    let keys = story.bet_in_vain().await;
    let reply = time::timeout(AT_ONCE, story.faker.http.get("/api/betting/bets")).await.expect("at once");
    assert_eq!(reply.status, 503);
    is_there(&story, "/api/account/me").await;
    is_there(&story, "/api/league/tournaments").await;
    drop(stopped);
    story.ends_well(keys).await;
}
