//! A running service and typed clients of it.

use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, Utc};
use loljoa_league_schedule::{
    config::{Config, Source},
    serve,
};
use loljoa_proto::league_schedule::v1::{
    GetMatchRequest, GetStandingsRequest, ImportSeasonRequest, ImportSeasonResponse, ListChangesRequest,
    ListChangesResponse, ListMatchesRequest, ListMatchesResponse, ListTournamentsRequest, Match,
    RecordResultRequest, SeasonFormat, Standing, Tournament, UpdateMatchRequest,
    league_admin_service_client::LeagueAdminServiceClient,
    league_feed_service_client::LeagueFeedServiceClient, league_service_client::LeagueServiceClient,
};
use loljoa_proto::ops::v1::ops_service_client::OpsServiceClient;
use loljoa_service_kit::{
    Error,
    cli::Listeners,
    config::{Database, Upstream},
    grpc::{Channel, client},
    identity::Bearer,
};
use loljoa_test_tokens::{Publisher, Signer, bearer};
use prost_types::Timestamp;
use sqlx::{ConnectOptions, PgPool};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

/// The season that comes with the service.
pub(crate) const SEASON: &str = include_str!("../../data/lck-2022-spring.json");
pub(crate) const SPRING: &str = "LCK 2022 Spring";
pub(crate) const PLAYOFFS: &str = "LCK 2022 Spring Playoffs";
pub(crate) const HEADER: &str =
    "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note\n";

/// One replica, and clients of it.
pub(crate) struct Service {
    pub(crate) league: LeagueServiceClient<Channel>,
    pub(crate) admin: LeagueAdminServiceClient<InterceptedService<Channel, Bearer>>,
    /// Signs tokens that the replica takes.
    pub(crate) signer: Signer,
    /// For whoever comes without an admin's token.
    pub(crate) channel: Channel,
    _keys: Publisher,
    pub(crate) feed: LeagueFeedServiceClient<Channel>,
    /// The experiments.
    pub(crate) ops: OpsServiceClient<Channel>,
    admin_address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Starts a replica on the test's database.
    pub(crate) async fn start(pool: &PgPool, source: Source) -> Self {
        Self::start_with(pool, source, |_| ()).await
    }

    /// Starts a replica, configured by `configure`.
    pub(crate) async fn start_with(
        pool: &PgPool,
        source: Source,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, any).await.unwrap();
        let admin_address = listeners.admin.local_addr().unwrap();
        let url = format!("http://{}", listeners.service.local_addr().unwrap()).parse().unwrap();
        let database = Database::at(pool.connect_options().to_url_lossy());
        let shutdown = CancellationToken::new();
        let signer = Signer::new("known");
        let keys = Publisher::start(signer.key_set()).await;
        let mut config = Config::new(database, keys.upstream(), source);
        config.runtime.drain.delay_ms = 0;
        configure(&mut config);
        let serving = tokio::spawn(serve(config, listeners, shutdown.clone()));
        let upstream = Upstream { timeout_ms: 30_000, balance: false, ..Upstream::at(url) };
        let channel = client::connect(&upstream).unwrap();
        let admin = bearer(&signer.token("admin"));
        Self {
            league: LeagueServiceClient::new(channel.clone()),
            admin: LeagueAdminServiceClient::with_interceptor(channel.clone(), admin),
            feed: LeagueFeedServiceClient::new(channel.clone()),
            ops: OpsServiceClient::new(channel.clone()),
            admin_address,
            signer,
            channel,
            _keys: keys,
            shutdown,
            serving,
        }
    }

    /// A replica whose matches come by import only.
    pub(crate) async fn without_source(pool: &PgPool) -> Self {
        Self::start(pool, Source::Import).await
    }

    /// A replica that has the bundled season.
    pub(crate) async fn with_season(pool: &PgPool) -> Self {
        let service = Self::without_source(pool).await;
        assert!(service.import(SEASON).await.applied);
        service
    }

    /// Stops the replica and waits until it is gone.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
    }

    /// The status of a path of the admin port, as a kubelet sees it.
    pub(crate) async fn probe(&self, path: &str) -> u16 {
        reqwest::get(format!("http://{}{path}", self.admin_address)).await.unwrap().status().as_u16()
    }

    /// Waits until a path of the admin port answers so.
    pub(crate) async fn until_probe(&self, path: &str, status: u16) {
        let asking = async {
            while self.probe(path).await != status {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), asking).await.expect("the replica tells how it feels");
    }

    /// Waits for a replica that stops by itself, and tells why.
    pub(crate) async fn failure(self) -> String {
        format!("{:#}", self.serving.await.unwrap().unwrap_err())
    }

    pub(crate) async fn import(&self, json: &str) -> ImportSeasonResponse {
        self.import_as(SeasonFormat::Json, json.as_bytes(), false).await.unwrap()
    }

    /// Imports lines of CSV below the right header.
    pub(crate) async fn import_csv(&self, lines: &str) -> ImportSeasonResponse {
        let content = format!("{HEADER}{lines}");
        self.import_as(SeasonFormat::Csv, content.as_bytes(), false).await.unwrap()
    }

    pub(crate) async fn import_as(
        &self,
        format: SeasonFormat,
        content: &[u8],
        dry_run: bool,
    ) -> Result<ImportSeasonResponse, Error> {
        let request = ImportSeasonRequest { format: format.into(), content: content.to_vec(), dry_run };
        Ok(self.admin.clone().import_season(request).await?.into_inner())
    }

    pub(crate) async fn list(&self, request: ListMatchesRequest) -> Result<ListMatchesResponse, Error> {
        Ok(self.league.clone().list_matches(request).await?.into_inner())
    }

    /// Every match that fits `request`, page by page.
    pub(crate) async fn all(&self, request: ListMatchesRequest) -> Vec<Match> {
        let mut request = ListMatchesRequest { limit: 40, ..request };
        let mut matches = Vec::new();
        loop {
            let page = self.list(request.clone()).await.unwrap();
            matches.extend(page.matches);
            if page.next_cursor.is_empty() {
                return matches;
            }
            request.cursor = page.next_cursor;
        }
    }

    pub(crate) async fn matches(&self) -> Vec<Match> {
        self.all(ListMatchesRequest::default()).await
    }

    /// The only match that is listed.
    pub(crate) async fn only_match(&self) -> Match {
        let mut matches = self.matches().await;
        assert_eq!(matches.len(), 1, "{matches:?}");
        matches.remove(0)
    }

    pub(crate) async fn get(&self, match_id: &str) -> Result<Match, Error> {
        let request = GetMatchRequest { match_id: match_id.into() };
        Ok(self.league.clone().get_match(request).await?.into_inner().r#match.unwrap())
    }

    pub(crate) async fn tournaments(&self) -> Vec<Tournament> {
        let answer = self.league.clone().list_tournaments(ListTournamentsRequest {}).await;
        answer.unwrap().into_inner().tournaments
    }

    pub(crate) async fn tournament(&self, name: &str) -> Tournament {
        self.tournaments().await.into_iter().find(|tournament| tournament.name == name).unwrap()
    }

    pub(crate) async fn standings(&self, tournament_id: &str) -> Result<Vec<Standing>, Error> {
        let request = GetStandingsRequest { tournament_id: tournament_id.into() };
        Ok(self.league.clone().get_standings(request).await?.into_inner().standings)
    }

    pub(crate) async fn record(&self, request: RecordResultRequest) -> Result<Match, Error> {
        Ok(self.admin.clone().record_result(request).await?.into_inner().r#match.unwrap())
    }

    pub(crate) async fn move_to(&self, match_id: &str, starts_at: DateTime<Utc>) -> Result<Match, Error> {
        let starts_at = Some(Timestamp { seconds: starts_at.timestamp(), nanos: 0 });
        self.update(UpdateMatchRequest { match_id: match_id.into(), starts_at, cancel: false }).await
    }

    pub(crate) async fn cancel(&self, match_id: &str) -> Result<Match, Error> {
        self.update(UpdateMatchRequest { match_id: match_id.into(), starts_at: None, cancel: true }).await
    }

    pub(crate) async fn update(&self, request: UpdateMatchRequest) -> Result<Match, Error> {
        Ok(self.admin.clone().update_match(request).await?.into_inner().r#match.unwrap())
    }

    pub(crate) async fn changes(&self, cursor: &str, limit: i32, wait: Duration) -> ListChangesResponse {
        let wait_ms = i32::try_from(wait.as_millis()).unwrap();
        let request = ListChangesRequest { cursor: cursor.into(), limit, wait_ms };
        self.feed.clone().list_changes(request).await.unwrap().into_inner()
    }

    /// Follows the feed from `cursor` until there are `count` changes; gives them and where to read on.
    ///
    /// Transactions of tests that run beside this one hold the feed back, so it may come in pieces.
    pub(crate) async fn next_changes(&self, cursor: &str, count: usize) -> (Vec<Match>, String) {
        let (mut changes, mut cursor) = (Vec::new(), cursor.to_owned());
        while changes.len() < count {
            let page = self.changes(&cursor, 1_000, Duration::from_secs(5)).await;
            changes.extend(page.matches);
            cursor = page.next_cursor;
        }
        (changes, cursor)
    }

    /// Follows the feed from its beginning until a change fits; gives everything up to there.
    pub(crate) async fn changes_until(&self, fits: impl Fn(&Match) -> bool) -> Vec<Match> {
        let (mut changes, mut cursor) = (Vec::new(), String::new());
        let following = async {
            loop {
                let page = self.changes(&cursor, 1_000, Duration::from_secs(5)).await;
                for change in page.matches {
                    changes.push(change);
                    if fits(changes.last().unwrap()) {
                        return;
                    }
                }
                cursor = page.next_cursor;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(1), following).await;
        in_time.expect("the change comes within a minute");
        changes
    }
}

/// A result of `team1_wins` to `team2_wins`.
pub(crate) fn result(of: &Match, team1_wins: i32, team2_wins: i32) -> RecordResultRequest {
    RecordResultRequest { match_id: of.match_id.clone(), team1_wins, team2_wins, ..Default::default() }
}

/// The code of a team that is known.
pub(crate) fn code(team: Option<&loljoa_proto::league_schedule::v1::Team>) -> &str {
    team.map_or("TBD", |team| team.code.as_str())
}

pub(crate) fn starts_at(of: &Match) -> DateTime<Utc> {
    let start = of.starts_at.unwrap();
    DateTime::from_timestamp(start.seconds, u32::try_from(start.nanos).unwrap()).unwrap()
}
