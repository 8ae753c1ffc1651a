//! What a program carries is what stands in its crate: cargo alone does not see a migration that was added.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use sqlx::migrate::Migrator;

use crate::support::TestDatabases;

#[test]
fn every_program_carries_all_migrations_of_its_crate() {
    let services: [(&str, &Migrator); 3] = [
        ("account", &loljoa_account::MIGRATOR),
        ("league-schedule", &loljoa_league_schedule::MIGRATOR),
        ("betting", &loljoa_betting::MIGRATOR),
    ];
    for (service, migrator) in services {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(service).join("migrations");
        let files =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let there: BTreeSet<i64> =
            files.map(|name| name.split('_').next().unwrap().parse().unwrap()).collect();
        let carried: BTreeSet<i64> = migrator.iter().map(|migration| migration.version).collect();
        assert!(!there.is_empty());
        assert_eq!(carried, there, "{service}");
    }
}

#[tokio::test]
async fn a_migration_needs_its_database_and_no_other_secret() {
    let databases = TestDatabases::create().await;
    for ((service, pool), url) in databases.each().into_iter().zip(databases.urls()) {
        let mut migrate = Command::new(env!("CARGO_BIN_EXE_loljoa"));
        migrate.args(["migrate", service]).env_clear().env("LOLJOA__DATABASE__URL", url);
        let done = migrate.output().unwrap();
        assert!(done.status.success(), "{service}: {done:?}");
        let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
            .fetch_one(pool)
            .await
            .unwrap();
        assert!(applied > 0, "{service}");
    }
}
