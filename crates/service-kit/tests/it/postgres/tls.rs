//! A real server that speaks TLS, or does not, and who takes it for the database.

use std::{
    fs,
    net::{IpAddr, UdpSocket},
    path::Path,
    time::Duration,
};

use loljoa_private_postgres::TemporaryServer;
use loljoa_service_kit::{config::Database, health::Missing, postgres};
use loljoa_test_tokens::certificates::{Authority, Identity};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator};
use tokio::{io::copy_bidirectional, net::TcpListener, net::TcpStream, task::JoinSet, time};
use url::Url;

use super::probe::{becomes, migrator, watch_database};

/// PostgreSQL, whose TLS is changed while it runs.
struct Server {
    postgres: TemporaryServer,
    /// As a superuser who needs no TLS.
    own: String,
}

impl Server {
    async fn start() -> Self {
        let postgres = TemporaryServer::start(None).await.unwrap();
        let own = postgres.url("postgres").expose_secret().to_owned();
        Self { postgres, own }
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.own).await.unwrap()
    }

    /// Has the server show this certificate from now on.
    async fn shows(&self, identity: &Identity) {
        let mut connection = self.connect().await;
        // The server writes the files itself, because the key has to be its user's own.
        for (name, text) in [("shown.crt", &identity.certificate), ("shown.key", &identity.key)] {
            let write = format!(
                "COPY (SELECT 1) TO PROGRAM 'umask 077; cat > /dev/null; printf ''%b'' ''{}'' > {name}'",
                text.replace('\n', "\\n")
            );
            sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut connection).await.unwrap();
        }
        self.set("ssl_cert_file = 'shown.crt'").await;
        self.set("ssl_key_file = 'shown.key'").await;
        self.set("ssl = on").await;
    }

    /// Changes a setting, and waits until new connections have it.
    async fn set(&self, setting: &str) {
        let mut connection = self.connect().await;
        // Before and after, lest the time be the same.
        let loaded = "SELECT extract(epoch FROM pg_conf_load_time())::float8";
        let before: f64 = sqlx::query_scalar(loaded).fetch_one(&mut connection).await.unwrap();
        let set = format!("ALTER SYSTEM SET {setting}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection).await.unwrap();
        sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut connection).await.unwrap();
        let reloaded = async {
            loop {
                let now: f64 = sqlx::query_scalar(loaded).fetch_one(&mut self.connect().await).await.unwrap();
                if now > before {
                    return;
                }
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        time::timeout(Duration::from_secs(30), reloaded).await.unwrap();
    }

    /// The database at `host`, with `query` instead of what waives TLS.
    fn at(&self, host: &str, port: Option<u16>, query: &str) -> Database {
        let mut url = Url::parse(&self.own).unwrap();
        url.set_host(Some(host)).unwrap();
        if port.is_some() {
            url.set_port(port).unwrap();
        }
        url.set_query((!query.is_empty()).then_some(query));
        Database::at(url)
    }
}

/// Whether the database was taken; otherwise what was said.
async fn takes(database: &Database) -> Result<(), String> {
    let nothing = Migrator::with_migrations(Vec::new());
    postgres::migrate(database, "test", &nothing).await.map_err(|error| error.to_string())
}

/// That it was refused for this reason, and that the setting is named.
async fn refuses(database: &Database, reason: &str) {
    let said = takes(database).await.expect_err(reason);
    assert!(said.contains(reason), "{said}");
    for named in ["database.url", "sslrootcert", "sslmode"] {
        assert!(said.contains(named), "{said}");
    }
    let password = Url::parse(database.url.expose_secret()).unwrap().password().unwrap().to_owned();
    assert!(!said.contains(&password), "{said}");
}

fn verified_by(authority: &Path) -> String {
    format!("sslmode=verify-full&sslrootcert={}", authority.display())
}

/// An address of this machine that is not its loopback; nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    socket.local_addr().ok().map(|own| own.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// Passes what comes to `address` on to the loopback's `port`, on a port of its own.
async fn reached_at(address: IpAddr, port: u16, passing: &mut JoinSet<()>) -> u16 {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    passing.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    own
}

#[tokio::test]
async fn a_database_is_taken_that_proves_who_it_is_and_no_other() {
    let server = Server::start().await;
    let files = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::fresh("ours"), Authority::fresh("theirs"));
    let [trusted, foreign] = [("ours.pem", &ours), ("theirs.pem", &theirs)].map(|(name, authority)| {
        let file = files.path().join(name);
        fs::write(&file, authority.certificate()).unwrap();
        file
    });
    let here = |query: &str| server.at("127.0.0.1", None, query);

    // No TLS at all: only by name.
    refuses(&here(&verified_by(&trusted)), "does not support TLS").await;
    refuses(&here("sslmode=require"), "does not support TLS").await;
    takes(&here("sslmode=disable")).await.unwrap();
    let (health, _stop) = watch_database(&here(&verified_by(&trusted)), &migrator(0));
    becomes(&health, Some(Missing::Tls)).await;
    assert!(health.not_ready_because()[0].contains("sslrootcert of database.url"));

    server.shows(&ours.server("127.0.0.1")).await;
    becomes(&health, None).await;
    takes(&here(&verified_by(&trusted))).await.unwrap();
    refuses(&here(&verified_by(&foreign)), "UnknownIssuer").await;
    refuses(&here("sslmode=verify-full"), "UnknownIssuer").await;
    refuses(&here("sslmode=verify-ca"), "UnknownIssuer").await;
    takes(&here("sslmode=require")).await.unwrap();
    let said = takes(&here(&verified_by(&files.path().join("missing.pem")))).await.unwrap_err();
    assert!(said.contains("sslrootcert = ") && said.contains("missing.pem"), "{said}");

    // A name is checked unless that is waived by name.
    server.shows(&ours.server("db.example")).await;
    refuses(&here(&verified_by(&trusted)), "not valid for name").await;
    takes(&here(&verified_by(&trusted).replace("verify-full", "verify-ca"))).await.unwrap();
    takes(&here("sslmode=require")).await.unwrap();

    server.shows(&ours.expired_server("127.0.0.1")).await;
    refuses(&here(&verified_by(&trusted)), "expired").await;
    takes(&here("sslmode=require")).await.unwrap();

    // Elsewhere all of that holds without a word; a machine whose only address is its loopback has no elsewhere.
    if let Some(address) = own_address() {
        let (mut passing, host) = (JoinSet::new(), address.to_string());
        let postgres = Url::parse(&server.own).unwrap().port().unwrap();
        let port = reached_at(address, postgres, &mut passing).await;
        let there = |query: &str| server.at(&host, Some(port), query);
        let with_authority = format!("sslrootcert={}", trusted.display());
        server.shows(&ours.server(&host)).await;
        takes(&there(&with_authority)).await.unwrap();
        refuses(&there(""), "UnknownIssuer").await;
        server.shows(&theirs.server(&host)).await;
        refuses(&there(&with_authority), "UnknownIssuer").await;
        server.set("ssl = off").await;
        refuses(&there(&with_authority), "does not support TLS").await;
        takes(&there("sslmode=disable")).await.unwrap();
    }
    server.postgres.stop().await.unwrap();
}
