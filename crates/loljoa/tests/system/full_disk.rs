//! A database whose disk is full: what would be written is refused as unavailable, what is read goes on, and when there is room
//! again all goes on, with nothing lost.
//!
//! Root gives the database a file system of its own, and takes its room away. For anybody else the server only says, of every
//! statement that writes, what it says then.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::Arc,
};

use futures::future::join_all;
use loljoa_private_postgres::{Cluster, Lifetime, SUPERUSER, Server};
use loljoa_service_kit::ids;
use nix::{sys::statvfs::statvfs, unistd::geteuid};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, raw_sql};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    promises,
    support::{
        App, Bettor, Cup, Game, PASSWORD, Reply, TestDatabases,
        api::{Bet, Match, Page},
        eventually, fixture, season,
    },
};

const BETTORS: usize = 8;
/// Bets of each that are refused.
const REFUSED: usize = 4;
/// Far more than fits into what is left.
const TRIES: usize = 5_000;
const LARGE_MIB: u64 = 600;
/// What is left of a full disk, so that some of what is tried still fits.
const LEFT: u64 = 256 * 1_024;

/// A disk that can be filled, and databases on it.
enum Disk {
    Real {
        _server: Box<Server>,
        // After the server, which has its files there.
        mounted: Mounted,
    },
    Pretended,
}

/// A file system in memory.
struct Mounted(TempDir);

impl Mounted {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // The server's user has to pass.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
        let size = format!("size={LARGE_MIB}m,mode=711");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()));
        Self(directory)
    }

    /// Leaves room for so many bytes more.
    fn leave(&self, bytes: u64) {
        let now = statvfs(self.0.path()).unwrap();
        let used = (now.blocks() - now.blocks_free()) * now.fragment_size();
        self.resize(&format!("{}", used + bytes));
    }

    fn resize(&self, size: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(self.0.path()));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(self.0.path()));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Disk {
    /// One of one's own, as root.
    async fn real() -> (Self, TestDatabases) {
        let mounted = Mounted::new();
        let place: &Path = mounted.0.path();
        let password = SecretString::from("disk");
        let cluster = place.join("cluster");
        let cluster = Cluster::open(cluster, Lifetime::Temporary, &password, None).await.unwrap();
        let server = cluster.start(100, &place.join("postgres.log")).await.unwrap();
        let url = server.url(SUPERUSER, &password, "postgres").expose_secret().parse().unwrap();
        (Self::Real { mounted, _server: Box::new(server) }, TestDatabases::create_on(url).await)
    }

    async fn fill(&self, db: &TestDatabases) {
        match self {
            Self::Real { mounted, .. } => {
                // A fresh segment of the log has its room already: what is lacking is room for rows.
                execute(&db.betting, "SELECT pg_switch_wal(); CHECKPOINT").await;
                mounted.leave(LEFT);
            }
            Self::Pretended => {
                for (_, pool) in db.each() {
                    execute(pool, SAY_THAT_IT_IS_FULL).await;
                }
            }
        }
    }

    async fn make_room(&self, db: &TestDatabases) {
        match self {
            Self::Real { mounted, .. } => mounted.resize(&format!("{LARGE_MIB}m")),
            Self::Pretended => {
                for (_, pool) in db.each() {
                    execute(pool, "DROP FUNCTION disk_full() CASCADE").await;
                }
            }
        }
    }
}

const SAY_THAT_IT_IS_FULL: &str = "
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    DO $$ DECLARE written regclass; BEGIN
        FOR written IN SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        LOOP
            EXECUTE format('CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON %s EXECUTE FUNCTION disk_full()', written);
        END LOOP;
    END $$";

async fn execute(pool: &PgPool, sql: &'static str) {
    for statement in if sql.contains("$$") { vec![sql] } else { sql.split(';').collect() } {
        raw_sql(AssertSqlSafe(statement)).execute(pool).await.unwrap();
    }
}

/// Whether this was refused as it has to be; anything else than that and a success is a failure.
fn is_refused(what: &str, reply: &Reply) -> bool {
    if reply.status < 300 {
        return false;
    }
    assert_eq!(reply.refusal(), (503, "unavailable".to_owned()), "{what}: {}", reply.text);
    assert!(reply.headers.contains_key("retry-after"), "{what}");
    true
}

/// Tries until it is refused.
async fn until_refused(what: &str, mut attempt: impl AsyncFnMut(usize) -> Reply) {
    for number in 0..TRIES {
        if is_refused(what, &attempt(number).await) {
            return;
        }
    }
    panic!("{what} was never refused");
}

/// Bets until some were refused, and tells the keys of those.
async fn bet(bettor: &Bettor, game: &Game) -> Vec<Uuid> {
    let mut refused = Vec::new();
    for _ in 0..TRIES {
        let key = ids::fresh();
        if is_refused("a bet", &bettor.try_bet(key, &game.winner, "T1", 100).await) {
            refused.push(key);
        }
        if refused.len() == REFUSED {
            return refused;
        }
    }
    panic!("no bet was refused");
}

/// A tournament of many matches that are over.
fn large_season(number: usize) -> Value {
    let date = |day: usize| {
        chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days((100 * number + day).try_into().unwrap())
    };
    let matches: Vec<_> = (0..100).map(date).map(|at| fixture(&at.date_naive().to_string(), at)).collect();
    season(&matches)
}

async fn all_is_refused_and_then_done(disk: Disk, db: TestDatabases) {
    let app = App::start_over(Arc::new(db), |_| ()).await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let bettors = join_all((0..BETTORS).map(async |number| {
        let bettor = app.sign_up(&format!("bettor_{number}")).await;
        app.fund(bettor.account_id, 10_000_000).await;
        bettor
    }))
    .await;

    disk.fill(&app.db).await;
    let refused = join_all(bettors.iter().map(|bettor| bet(bettor, &game))).await;
    let credentials = |name: &str| json!({ "username": name, "password": PASSWORD });
    until_refused("a sign-up", async |number| {
        app.http.post("/api/account/signup", &credentials(&format!("late_{number}"))).await
    })
    .await;
    until_refused("a log-in", async |_| app.http.post("/api/account/login", &credentials("bettor_0")).await)
        .await;
    until_refused("an import", async |number| cup.admin().import(&large_season(number + 1)).await).await;

    bettors[0].me().await;
    bettors[0].bets().await;
    cup.look(&game.winner).await;
    app.http.get("/api/league/matches").await.ok::<Page<Match>>();

    disk.make_room(&app.db).await;
    for (bettor, keys) in bettors.iter().zip(refused) {
        for key in keys {
            eventually("a bet that was refused", async || {
                let reply = bettor.try_bet(key, &game.winner, "T1", 100).await;
                (!is_refused("a bet", &reply)).then(|| reply.ok::<Bet>())
            })
            .await;
        }
    }
    app.sign_up("last").await;
    cup.game().await;
    cup.settle(&game.winner, "T1").await;
    promises::all_hold(&app.db).await;
    app.stop().await;
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_refuses_is_done_when_there_is_room() {
    let (disk, db) = if geteuid().is_root() {
        Disk::real().await
    } else {
        (Disk::Pretended, TestDatabases::create().await)
    };
    all_is_refused_and_then_done(disk, db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_refuses_for_lack_of_room_is_done_when_there_is_some() {
    all_is_refused_and_then_done(Disk::Pretended, TestDatabases::create().await).await;
}
