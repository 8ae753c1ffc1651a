//! A real collector with the chart's configuration: of traces of which it keeps none by chance, it keeps those that failed and those
//! that were slow. `make test-collector` names the program and the configuration; `cargo test` alone leaves it out.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use loljoa::system::Service;
use loljoa_private_postgres::free_port;
use loljoa_service_kit::ids;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::{net::TcpStream, time};
use url::Url;

use super::{
    TRACE,
    collector::{Collector, Manner, hex},
    home::Home,
    traceparent,
};
use crate::support::{App, Cup, Reply, api::Bet, eventually};

const SLOW: &str = "4bf92f3577b34da6a3ce929d0e0e4737";
const FAILED: &str = "4bf92f3577b34da6a3ce929d0e0e4738";
/// Above the configured bound.
const SLOWLY: Duration = Duration::from_millis(900);

/// The collector, which runs until this is dropped.
struct Real {
    process: Child,
    otlp: Url,
    metrics: String,
    _home: TempDir,
}

impl Real {
    /// Starts `program` with the chart's configuration `text`, at ports of its own, before `sink`.
    async fn start(program: &Path, text: &str, sink: &Collector) -> Self {
        let [otlp, health, metrics] = [0, 1, 2].map(|_| free_port().unwrap());
        let sink = sink.url();
        let text = text
            .replace("0.0.0.0:4317", &format!("127.0.0.1:{otlp}"))
            .replace("0.0.0.0:13133", &format!("127.0.0.1:{health}"))
            .replace("port: 8888", &format!("port: {metrics}"))
            // The sink takes nothing that is compressed.
            .replace("    tls: ", "    compression: none\n    tls: ")
            .replace("sink:4317", &format!("127.0.0.1:{}", sink.port().unwrap()));
        let home = TempDir::new().unwrap();
        let config = home.path().join("collector.yaml");
        fs::write(&config, text).unwrap();
        let process = Command::new(program)
            .arg("--config")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the collector's listening", async || {
            TcpStream::connect(("127.0.0.1", otlp)).await.ok().map(drop)
        })
        .await;
        let otlp = format!("http://127.0.0.1:{otlp}").parse().unwrap();
        Self { process, otlp, metrics: format!("http://127.0.0.1:{metrics}/metrics"), _home: home }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "needs a collector: make test-collector"]
async fn a_bet_that_fails_and_one_that_is_slow_are_kept_and_nothing_else() {
    let [program, config] =
        ["LOLJOA_COLLECTOR", "LOLJOA_COLLECTOR_CONFIG"].map(|key| env::var_os(key).expect(key));
    let (sink, home) = (Collector::listen(Manner::Takes), Home::new());
    let text = fs::read_to_string(config).unwrap();
    let real = Real::start(Path::new(&program), &text, &sink).await;
    let soon = [("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let mut app = App::start_with(|options| home.house(options, real.otlp.clone(), "error", &soon)).await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let bet = |trace: &str| {
        let request = faker.bet_request(ids::fresh(), &game.winner, "T1", 100);
        Reply::to(request.header("traceparent", traceparent(trace)))
    };
    bet(TRACE).await.ok::<Bet>();

    let account = Pid::from_raw(app.system.process(Service::Account).unwrap().try_into().unwrap());
    kill(account, Signal::SIGSTOP).unwrap();
    let slow = bet(SLOW);
    let go_on = async {
        time::sleep(SLOWLY).await;
        kill(account, Signal::SIGCONT).unwrap();
    };
    tokio::join!(slow, go_on).0.ok::<Bet>();

    let whole = ["POST /api/betting/bets", "bet_batch", "SELECT apply_transfers"];
    eventually("the slow bet's whole trace", async || {
        let spans = sink.trace(SLOW);
        whole.iter().all(|name| spans.iter().any(|span| span.own.name == *name)).then_some(())
    })
    .await;

    app.system.kill(Service::Account).await;
    assert_eq!(bet(FAILED).await.status, 503);
    app.system.start_again(Service::Account).await.unwrap();
    let failed = "the trace of the bet that failed";
    eventually(failed, async || (!sink.trace(FAILED).is_empty()).then_some(())).await;

    // By now the first bet is decided on as well, which came before them.
    let kept: Vec<_> = sink.spans().iter().map(|span| hex(&span.own.trace_id)).collect();
    assert!(!kept.contains(&TRACE.to_owned()), "a bet like any other was kept");
    let all = sink.spans();
    let polled = all.iter().find(|span| span.attribute("rpc.method").contains("LeagueFeedService"));
    assert!(polled.is_none(), "a feed that waits is not slow: {polled:#?}");
    let told = reqwest::get(&real.metrics).await.unwrap().text().await.unwrap();
    assert!(told.contains("otelcol_processor_tail_sampling"), "{told}");
    app.stop().await;
}
