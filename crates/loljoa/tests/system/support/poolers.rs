use futures::future::join_all;
use loljoa::system::{Options, Service};
use loljoa_private_postgres::Pooler;
use serde_json::json;
use url::Url;

use super::TestDatabases;

const SERVICES: [Service; 3] = [Service::Account, Service::LeagueSchedule, Service::Betting];

/// A `PgBouncer` in transaction mode before each service's database.
pub(crate) struct Poolers([Pooler; 3]);

impl Poolers {
    /// Each has so many connections to its database, whatever number its service has to it.
    pub(crate) async fn before(db: &TestDatabases, server_connections: usize) -> Self {
        let size = server_connections.to_string();
        let start = async |url: String| {
            let url: Url = url.parse().unwrap();
            let user = (url.username(), url.password().unwrap());
            let settings = [("default_pool_size", size.as_str()), ("query_wait_timeout", "10")];
            Pooler::start(url.port().unwrap(), user, &settings).await.unwrap()
        };
        let [account, league_schedule, betting] = db.urls().map(start);
        Self((account.await, league_schedule.await, betting.await).into())
    }

    /// Has the services reach their databases through these, save for what needs a session.
    pub(crate) fn stand_before(&self, db: &TestDatabases, options: &mut Options) {
        for ((service, pooler), direct) in SERVICES.into_iter().zip(&self.0).zip(db.urls()) {
            let mut url: Url = direct.parse().unwrap();
            url.set_port(Some(pooler.port())).unwrap();
            let config = options.overrides.entry(service).or_insert_with(|| json!({}));
            config["database"] = json!({ "url": url, "direct_url": direct });
        }
    }

    /// Kills all three at once, and starts them again.
    pub(crate) async fn crash(&mut self) {
        for killed in join_all(self.0.iter_mut().map(Pooler::kill)).await {
            killed.unwrap();
        }
        for started in join_all(self.0.iter_mut().map(Pooler::start_again)).await {
            started.unwrap();
        }
    }
}
