//! Each service's role reaches its own database and no other.

use loljoa::{
    data_dir::DataDir,
    databases::{self, Cells},
};
use loljoa_private_postgres::{Cluster, Lifetime};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use crate::support::Place;

#[tokio::test]
async fn a_role_can_only_reach_its_own_database() {
    let place = Place::new();
    let data = DataDir::open_or_make(&place.data_dir()).unwrap();
    let secrets = data.secrets().unwrap();
    let cluster = Cluster::open(data.cluster(), Lifetime::Lasting, &secrets.postgres, None).await.unwrap();
    let server = cluster.start(20, &data.postgres_log()).await.unwrap();
    databases::prepare(&server, &secrets, Cells::default()).await.unwrap();
    let databases = databases::prepare(&server, &secrets, Cells::default()).await.unwrap();

    for own in [&databases.account, &databases.league_schedule, &databases.betting] {
        let options: PgConnectOptions = own.expose_secret().parse().unwrap();
        let name = options.get_database().unwrap().to_owned();
        for other in ["account", "league_schedule", "betting", "postgres", "template1"] {
            let reached = PgConnection::connect_with(&options.clone().database(other)).await;
            assert_eq!(reached.is_ok(), other == name, "{name} at {other}");
        }
    }
    server.stop().await;
}
