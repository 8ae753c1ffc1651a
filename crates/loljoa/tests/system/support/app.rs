use std::{collections::BTreeMap, sync::Arc};

use loljoa::system::{ADMIN, Mode, Options, Service, System};
use serde_json::json;
use uuid::Uuid;

use super::{Admin, Bettor, Http, TestDatabases, eventually, witness};

pub(crate) const ADMIN_PASSWORD: &str = "correct horse battery staple";
/// 32 bytes of 7.
pub(crate) const SEALING_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// All of LOL.JOA, with databases of its own.
pub(crate) struct App {
    pub(crate) system: System,
    pub(crate) http: Http,
    // After the services, so that it is dropped when they are gone.
    pub(crate) db: Arc<TestDatabases>,
}

impl App {
    /// The four services in this process, with no match but those that the story brings.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// As [`Self::start`], told something else by `change`.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        Self::over(Arc::new(TestDatabases::create().await), change).await
    }

    /// Two cells of account and two of betting, each with a database of its own.
    pub(crate) async fn start_in_cells(change: impl FnOnce(&mut Options)) -> Self {
        Self::over(Arc::new(TestDatabases::create_cells(2, 2).await), change).await
    }

    /// As [`Self::start_with`], over databases that are there already.
    pub(crate) async fn start_over(db: Arc<TestDatabases>, change: impl FnOnce(&mut Options)) -> Self {
        Self::over(db, change).await
    }

    /// Each service in a process of its own, which can be killed. They log what is an error even then.
    pub(crate) async fn start_as_processes(change: impl FnOnce(&mut Options)) -> Self {
        Self::start_with(|options| {
            options.mode = Mode::Processes { program: env!("CARGO_BIN_EXE_loljoa").into() };
            options.log = "error".into();
            change(options);
        })
        .await
    }

    /// One more replica of every service over the same databases.
    pub(crate) async fn replica(&self, change: impl FnOnce(&mut Options)) -> Self {
        Self::over(Arc::clone(&self.db), change).await
    }

    /// All of LOL.JOA once more, over databases that another has left.
    pub(crate) async fn again(db: &Arc<TestDatabases>) -> Self {
        Self::over(Arc::clone(db), |_| ()).await
    }

    async fn over(db: Arc<TestDatabases>, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(db.as_options(), ADMIN_PASSWORD.into(), SEALING_KEY.into());
        options.overrides = overrides();
        change(&mut options);
        if options.replay.is_none() {
            let league = options.overrides.entry(Service::LeagueSchedule).or_insert_with(|| json!({}));
            league["source"] = json!({ "kind": "import" });
        }
        let system = System::start(options).await.unwrap();
        for betting in &db.bettings {
            witness::call(betting).await;
        }
        let http = Http::new(system.url(Service::Gateway));
        // Services start in any order: until account tells its keys, the gateway lets nobody in.
        eventually("the keys", async || {
            (http.get("/.well-known/jwks.json").await.status == 200).then_some(())
        })
        .await;
        Self { system, http, db }
    }

    /// Stops the services as SIGTERM does.
    pub(crate) async fn stop(self) {
        self.system.stop().await;
    }

    /// A new account, with 1,000 points and the grant of the day.
    pub(crate) async fn sign_up(&self, username: &str) -> Bettor {
        Bettor::sign_up(&self.http, username).await
    }

    /// The admin that every system has, or soon will have.
    pub(crate) async fn admin(&self) -> Admin {
        eventually("making the admin", async || {
            let made = "SELECT EXISTS (SELECT FROM users WHERE role = 'admin')";
            for account in &self.db.accounts {
                if sqlx::query_scalar(made).fetch_one(account).await.unwrap() {
                    return Some(());
                }
            }
            None
        })
        .await;
        Admin::log_in(&self.http, ADMIN, ADMIN_PASSWORD).await
    }

    /// Gives an account points, by a transfer from the house as any other.
    pub(crate) async fn fund(&self, account_id: Uuid, points: i64) {
        let outcome: String = sqlx::query_scalar(
            "SELECT (apply_transfers(ARRAY[gen_random_uuid()], ARRAY['signup_grant']::transfer_kind[], ARRAY[$1],
                ARRAY[NULL]::uuid[], ARRAY[NULL]::uuid[], ARRAY[$2], ARRAY['fund'::bytea], ARRAY[NULL]::uuid[],
                0::smallint))[1]::text",
        )
        .bind(account_id)
        .bind(points)
        .fetch_one(&self.db.account)
        .await
        .unwrap();
        assert_eq!(outcome, "applied");
    }
}

/// Passwords cost little, limits are out of the way, and whatever is done now and then is done often.
fn overrides() -> BTreeMap<Service, serde_json::Value> {
    let no_limit = json!({ "per_second": 0, "burst": 0 });
    let no_slow_limit = json!({ "per_minute": 0, "burst": 0 });
    // A machine that is busy with other things is slow, and does not hang.
    let patient = json!({ "timeout_ms": 20_000, "silence_ms": 10_000 });
    BTreeMap::from([
        (
            Service::Account,
            json!({
                "passwords": { "memory_kib": 64, "passes": 1, "waiting": 10_000 },
                "audit": { "every_seconds": 1, "share_percent": 100 },
                "throttle": { "address_free_failures": 1_000_000 },
            }),
        ),
        (
            Service::Betting,
            json!({
                "account": patient,
                "settlement": { "interval_ms": 100, "chunk": 50, "lease_ms": 2_000 },
                "recovery": { "interval_ms": 100, "audit_interval_ms": 500, "audit_share_percent": 100 },
                "life": { "tick_ms": 20 },
                "watch_interval_ms": 50,
            }),
        ),
        (
            Service::Gateway,
            json!({
                "http": { "timeout_ms": 30_000, "max_connections_per_address": 0, "trust_traceparent": true },
                "limits": {
                    "per_address": no_limit,
                    "per_account": no_limit,
                    "sign_up": no_slow_limit,
                    "log_in": no_slow_limit,
                    "max_in_flight": 16_384,
                    "max_in_flight_per_address": 0,
                },
                "upstreams": { "account": patient, "league_schedule": patient, "betting": patient },
            }),
        ),
    ])
}
