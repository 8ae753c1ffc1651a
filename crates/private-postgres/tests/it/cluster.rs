//! A cluster keeps its data from start to start, whatever happened in between.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use loljoa_private_postgres::{Cluster, Error, Lifetime, SUPERUSER, Server, ServerUser};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};

use crate::passable_directory;

fn password() -> SecretString {
    SecretString::from("c0ffee")
}

async fn open(place: &Path) -> Result<Cluster, Error> {
    Cluster::open(place.join("cluster"), Lifetime::Lasting, &password(), None).await
}

async fn start(place: &Path) -> Server {
    let cluster = open(place).await.unwrap();
    cluster.start(20, &place.join("postgres.log")).await.unwrap()
}

async fn connect(server: &Server) -> PgConnection {
    let url = server.url(SUPERUSER, &password(), "postgres");
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

async fn write(server: &Server) {
    let mut connection = connect(server).await;
    sqlx::query("CREATE TABLE champions AS SELECT 'T1' AS team").execute(&mut connection).await.unwrap();
}

async fn read(server: &Server) -> String {
    let mut connection = connect(server).await;
    sqlx::query_scalar("SELECT team FROM champions").fetch_one(&mut connection).await.unwrap()
}

/// The first line of the server's lock file.
fn pid(place: &Path) -> Pid {
    let content = fs::read_to_string(place.join("cluster/postmaster.pid")).unwrap();
    Pid::from_raw(content.lines().next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn data_is_there_after_a_stop_and_a_start() {
    let place = passable_directory();
    let server = start(place.path()).await;
    write(&server).await;
    server.stop().await;
    assert!(!place.path().join("cluster/postmaster.pid").exists());

    let server = start(place.path()).await;
    assert_eq!(read(&server).await, "T1");
    server.stop().await;
}

#[tokio::test]
async fn a_killed_server_recovers_at_the_next_start() {
    let place = passable_directory();
    let mut server = start(place.path()).await;
    write(&server).await;
    kill(pid(place.path()), Signal::SIGKILL).unwrap();
    server.ended().await;
    assert!(place.path().join("cluster/postmaster.pid").exists(), "the lock file is stale now");

    let server = start(place.path()).await;
    assert_eq!(read(&server).await, "T1");
    server.stop().await;
}

#[tokio::test]
async fn a_killed_server_is_started_again_at_the_same_port() {
    let place = passable_directory();
    let cluster = open(place.path()).await.unwrap();
    let mut server = cluster.start(20, &place.path().join("postgres.log")).await.unwrap();
    write(&server).await;
    kill(pid(place.path()), Signal::SIGKILL).unwrap();
    server.ended().await;

    let again = cluster.start_again(&server).await.unwrap();
    assert_eq!((again.port(), read(&again).await), (server.port(), "T1".to_owned()));
    again.stop().await;
}

#[tokio::test]
async fn a_server_that_a_killed_launcher_left_running_is_stopped_first() {
    let place = passable_directory();
    let mut left = start(place.path()).await;
    write(&left).await;

    let server = start(place.path()).await;
    left.ended().await;
    assert_eq!(read(&server).await, "T1");
    server.stop().await;
}

#[tokio::test]
async fn a_lock_file_whose_process_is_another_program_by_now_does_no_harm() {
    let place = passable_directory();
    start(place.path()).await.stop().await;
    let ours = std::process::id();
    fs::write(place.path().join("cluster/postmaster.pid"), format!("{ours}\n")).unwrap();

    start(place.path()).await.stop().await;
}

#[tokio::test]
async fn a_cluster_of_another_version_is_refused() {
    let place = passable_directory();
    fs::create_dir(place.path().join("cluster")).unwrap();
    fs::write(place.path().join("cluster/PG_VERSION"), "9\n").unwrap();

    let error = open(place.path()).await.unwrap_err();
    assert!(matches!(error, Error::OtherVersion { made_by: 9, .. }), "{error}");
    assert!(error.to_string().contains("was made by PostgreSQL 9, but this is PostgreSQL"), "{error}");
}

#[tokio::test]
async fn a_place_that_the_servers_user_cannot_reach_is_named() {
    if !ServerUser::find().unwrap().differs() {
        return;
    }
    let closed = passable_directory();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let error = open(closed.path()).await.unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("{} is closed to the user", closed.path().display())),
        "{error}"
    );
}

#[tokio::test]
async fn the_wrong_password_is_refused() {
    let place = passable_directory();
    let server = start(place.path()).await;
    let url = server.url(SUPERUSER, &SecretString::from("guessed"), "postgres");
    let error = PgConnection::connect(url.expose_secret()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "28P01");
    server.stop().await;
}
