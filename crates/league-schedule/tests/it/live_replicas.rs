//! The live feed with several replicas over one database: one asks, and waits longer and longer while it is refused; the others
//! leave the feed alone until that one is gone, and then read on where it was.

use std::time::Duration;

use loljoa_league_schedule::source;
use sqlx::PgPool;
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use wiremock::ResponseTemplate;

use crate::esports::{Esports, event, page, won};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_mins(1);

/// A replica with a feed of its own, so that it shows who asks.
struct Replica {
    esports: Esports,
    running: JoinHandle<Result<(), source::Error>>,
}

impl Replica {
    async fn start(pool: &PgPool, answers: &[(Option<&str>, ResponseTemplate)]) -> Self {
        let esports = Esports::start(pool).await;
        for (token, answer) in answers {
            esports.answer(*token, answer.clone()).await;
        }
        let live = Esports::source_with(pool, &esports.server, |live| live.interval_ms = 1_000);
        let run = source::run(Box::new(live), pool.clone(), CancellationToken::new());
        Self { running: tokio::spawn(run), esports }
    }

    /// Waits until it has asked so often, and gives the tokens that it asked with.
    async fn until_asked(&self, times: usize) -> Vec<String> {
        let asking = async {
            loop {
                let tokens = self.esports.tokens().await;
                if tokens.len() >= times {
                    return tokens;
                }
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        time::timeout(PATIENCE, asking).await.expect("it asks")
    }

    /// Ends it as kill -9 does.
    async fn die(self) {
        self.running.abort();
        let _ = self.running.await;
        self.esports.service.stop().await;
    }
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn a_feed_that_refuses_one_replica_is_left_alone_by_the_others(pool: PgPool) {
    let refusal = [(None, ResponseTemplate::new(429))];
    let one = Replica::start(&pool, &refusal).await;
    one.until_asked(1).await;
    let other = Replica::start(&pool, &refusal).await;
    one.until_asked(3).await;
    assert_eq!(other.esports.tokens().await, Vec::<String>::new(), "one asks for all");
    one.die().await;
    other.until_asked(1).await;
    other.die().await;
}

#[sqlx::test(migrator = "loljoa_league_schedule::MIGRATOR")]
async fn whoever_takes_over_reads_on_where_the_other_was(pool: PgPool) {
    let over = event("1", "completed", [won(Some("win"), 2), won(Some("loss"), 0)]);
    let mut to_come = event("2", "unstarted", [won(None, 0), won(None, 0)]);
    to_come["startTime"] = "2090-01-01T00:00:00Z".into();
    let answers = [
        (None, ResponseTemplate::new(200).set_body_json(page(&[over], Some("two")))),
        (Some("two"), ResponseTemplate::new(200).set_body_json(page(&[to_come], None))),
    ];
    let one = Replica::start(&pool, &answers).await;
    assert_eq!(one.until_asked(3).await[..3], ["", "two", "two"], "what is over is not read again");
    let other = Replica::start(&pool, &answers).await;
    one.die().await;
    assert_eq!(other.until_asked(1).await[0], "two");
    assert_eq!(other.esports.service.matches().await.len(), 2);
    other.die().await;
}
