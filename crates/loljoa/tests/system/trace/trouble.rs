//! A collector that is in trouble is nobody's trouble but that of whoever wants to see traces: requests are answered, what is lost is
//! counted, and memory has a bound.

use std::fs;

use futures::{StreamExt, stream};
use loljoa::system::Service;
use loljoa_service_kit::ids;

use super::{
    collector::{Collector, Manner},
    home::{Home, metric},
};
use crate::{
    promises,
    support::{App, Bettor, Cup, Game, eventually},
};

const DROPPED: &str = "loljoa_telemetry_dropped_spans_total";
/// Spans that may wait.
const WAITING: &str = "256";
/// More than those and a batch, though each request had but one.
const REQUESTS: usize = 1_500;
const AT_ONCE: usize = 32;
const BETS: usize = 20;
/// What a gateway may grow by while as many requests once more are answered and nobody takes their spans. MiB.
const MOST_MORE: u64 = 32;
/// How long an export waits for its answer, in milliseconds: less than a story, or more.
const HASTY: &str = "500";
const PATIENT: &str = "600000";

struct Story {
    app: App,
    game: Game,
    faker: Bettor,
    _home: Home,
}

impl Story {
    async fn begin(collector: &Collector, patience: &str) -> Self {
        let home = Home::new();
        let environment = [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", patience),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", WAITING),
        ];
        let app =
            App::start_with(|options| home.house(options, collector.url(), "error", &environment)).await;
        let game = Cup::of(&app).await.game().await;
        let faker = app.sign_up("faker").await;
        app.fund(faker.account_id, 1_000_000).await;
        Self { app, game, faker, _home: home }
    }

    /// Looks at a market very often, and bets now and then. Every answer has to be the right one.
    async fn go_on(&self) {
        let path = format!("/api/betting/markets/{}", self.game.winner.market_id);
        let look = async |n: usize| {
            if n.is_multiple_of(REQUESTS / BETS) {
                self.faker.try_bet(ids::fresh(), &self.game.winner, "T1", 100).await.status
            } else {
                self.app.http.get(&path).await.status
            }
        };
        let answers: Vec<_> = stream::iter(0..REQUESTS).map(look).buffer_unordered(AT_ONCE).collect().await;
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), BETS);
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), REQUESTS - BETS);
    }

    async fn dropped(&self, reason: &str) -> f64 {
        metric(&self.app, Service::Gateway, DROPPED, &[reason]).await
    }

    /// Memory of the gateway. MiB.
    fn memory(&self) -> u64 {
        let pid = self.app.system.process(Service::Gateway).unwrap();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024
    }

    async fn end(self) {
        promises::all_hold(&self.app.db).await;
        self.app.stop().await;
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_costs_spans_and_so_much_memory_and_no_request() {
    let collector = Collector::listen(Manner::IsSilent);
    let story = Story::begin(&collector, PATIENT).await;
    story.go_on().await;
    assert!(story.dropped("queue_full").await > 0.0, "more came than may wait");
    let before = story.memory();
    story.go_on().await;
    assert!(story.memory() <= before + MOST_MORE, "{before} MiB, then {} MiB", story.memory());
    story.end().await;
}

#[tokio::test]
async fn a_collector_that_refuses_is_counted_by_the_span() {
    let collector = Collector::listen(Manner::Refuses);
    let story = Story::begin(&collector, HASTY).await;
    story.go_on().await;
    let least = f64::from(u32::try_from(REQUESTS).unwrap());
    eventually("every span's being counted", async || {
        let dropped = story.dropped("not_taken").await + story.dropped("queue_full").await;
        (dropped >= least).then_some(())
    })
    .await;
    assert!(collector.spans().is_empty());
    story.end().await;
}

#[tokio::test]
async fn a_collector_that_is_killed_loses_what_comes_until_it_is_back() {
    let collector = Collector::listen(Manner::Takes);
    let story = Story::begin(&collector, HASTY).await;
    eventually("a span's arriving", async || (!collector.spans().is_empty()).then_some(())).await;
    assert!(story.dropped("not_taken").await < 1.0);
    let address = collector.kill();
    story.go_on().await;
    eventually("missing the collector", async || (story.dropped("not_taken").await > 0.0).then_some(()))
        .await;

    let back = Collector::listen_at(address, Manner::Takes);
    eventually("a bet's arriving at the collector that is back", async || {
        story.faker.bet(&story.game.winner, "GEN", 100).await;
        let is_bet = |name: &str| name == "POST /api/betting/bets";
        back.spans().iter().any(|span| is_bet(&span.own.name)).then_some(())
    })
    .await;
    story.end().await;
}
