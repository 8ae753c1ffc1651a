//! One service in a process of its own, told by files as in a pod, and what it says of its connections.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use loljoa_private_postgres::free_port;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use url::Url;

use crate::support::TestDatabases;

/// `loljoa serve betting`, whose log is read.
struct Pod {
    process: Child,
    log: BufReader<ChildStdout>,
    _mounted: TempDir,
}

impl Pod {
    /// Starts it with this configuration in a mounted folder, and the URL of its database in a mounted secret.
    fn start(database: &str, toml: &str) -> Self {
        let mounted = tempfile::tempdir().unwrap();
        let (base, secret) = (mounted.path().join("10-base.toml"), mounted.path().join("database-url"));
        let [grpc, admin] = [0, 1].map(|_| free_port().unwrap());
        let base_toml = format!(
            "account.url = 'http://127.0.0.1:1'\nleague_schedule.url = 'http://127.0.0.1:1'\n\
            grpc.listen = '127.0.0.1:{grpc}'\nruntime.admin_listen = '127.0.0.1:{admin}'\nruntime.drain.delay_ms = 0\n"
        );
        fs::write(base, base_toml).unwrap();
        fs::write(mounted.path().join("20-here.toml"), toml).unwrap();
        fs::write(&secret, format!("{database}\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loljoa"));
        command.args(["serve", "betting", "--config"]).arg(mounted.path()).env_clear();
        command.env("LOLJOA__DATABASE__URL_FILE", &secret).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let log = BufReader::new(process.stdout.take().unwrap());
        Self { process, log, _mounted: mounted }
    }

    /// The first line of its log that `is` the one.
    fn says(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "it ended");
            let line: Value = serde_json::from_str(&line).unwrap();
            if is(&line) {
                return line;
            }
        }
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn setting(pool: &PgPool, name: &str) -> i64 {
    let text: String =
        sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(pool).await.unwrap();
    text.parse().unwrap()
}

#[tokio::test]
async fn a_replica_says_how_many_connections_all_may_open_and_warns_where_the_server_takes_fewer() {
    let databases = TestDatabases::create().await;
    let [.., url] = databases.urls();
    let max = setting(&databases.betting, "max_connections").await;
    let reserved = setting(&databases.betting, "superuser_reserved_connections").await;

    let few =
        "database.max_connections = 2\ndatabase.worker_connections = 6\ndatabase.background_connections = 2";
    let mut pod = Pod::start(&url, &format!("{few}\ndatabase.replicas = 1000"));
    let told = pod.says(|line| line["each"].is_number());
    assert_eq!(
        (&told["level"], &told["each"]),
        (&"INFO".into(), &11.into()),
        "the pools and the probe: {told}"
    );
    assert_eq!((&told["server_takes"], &told["reserved"]), (&(max - reserved).into(), &reserved.into()));
    let warned = pod.says(|line| line["each"].is_number());
    assert_eq!((&warned["level"], &warned["all"]), (&"WARN".into(), &11_000.into()), "{warned}");

    // Behind a pooler most connections are the pooler's to open; any other way to write the same URL stands for one.
    let mut direct: Url = url.parse().unwrap();
    direct.query_pairs_mut().append_pair("application_name", "direct");
    let direct = format!("database.direct_url = '{direct}'");
    let mut pod = Pod::start(&url, &format!("{few}\ndatabase.replicas = 2\n{direct}"));
    let told = pod.says(|line| line["direct"].is_number());
    assert_eq!((&told["pooler"], &told["direct"]), (&10.into(), &1.into()), "{told}");
    assert!(told["message"].as_str().unwrap().contains("through a pooler"), "{told}");
}
