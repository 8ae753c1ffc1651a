//! Puts the parts of one replica together.

use std::{sync::Arc, time::Duration};

use loljoa_proto::betting::v1::{
    betting_service_server::BettingServiceServer, market_admin_service_server::MarketAdminServiceServer,
};
use loljoa_service_kit::{
    Cell, Cells, admin, admin_log, cells,
    cli::Listeners,
    grpc::{Channel, client, server},
    health::Health,
    identity::{AdminOnly, PublishedAdmins},
    ids,
    lifecycle::Parts,
    postgres::Pools,
    probe::Probe,
};
use metrics::gauge;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use uuid::Uuid;

use crate::{
    Config, MIGRATOR, SERVICE,
    failpoints::FailPoints,
    grpc::{Betting, MarketAdmin},
    ledger::Ledger,
    service::{
        MarketCache, Wakers, accepted,
        admin::Admin,
        audit::Auditor,
        bets::Bets,
        delivery::Delivery,
        incidents::Incidents,
        life::{Life, Source},
        periods,
        placement::{Depth, Needs, Placement},
        preview::Preview,
        recovery::Recovery,
        retention,
        settlement::Settlement,
        ticker,
        watch::{BetWatch, MarketWatch},
    },
    store,
};

const METRICS_EVERY: Duration = Duration::from_secs(1);

/// What the parts of one replica share.
struct Shared {
    replica: Uuid,
    config: Config,
    pools: Pools,
    account: Cells<Channel>,
    ledger: Ledger,
    wakers: Wakers,
    failpoints: FailPoints,
    settlement: Settlement,
}

/// Serves until `shutdown`.
pub(crate) async fn serve(
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
    failpoints: FailPoints,
) -> anyhow::Result<()> {
    let pools = Pools::new(&config.database, SERVICE)?;
    let account = client::connect_cells_from(SERVICE, &config.account)?;
    let ledger = Ledger::new(&account);
    let health = Health::new(SERVICE);
    let probe = Probe::new(&config.database, &MIGRATOR, health.clone())?;
    let (replica, wakers) = (ids::fresh(), Wakers::new(account.count()));
    let settlement = Settlement::new(
        pools.background.clone(),
        replica,
        config.cell,
        config.settlement.clone(),
        wakers.clone(),
        failpoints.clone(),
        ledger.clone(),
    );
    let shared = Shared { replica, config, pools, account, ledger, wakers, failpoints, settlement };
    let mut parts = Parts::new(health.clone(), shutdown);
    let closing = parts.closing();
    parts.spawn_worker("readiness", probe.run(closing.clone()));
    parts.spawn_worker("pool metrics", shared.pools.clone().report(SERVICE, closing.clone()));
    let (cell, pool) = (shared.config.cell, shared.pools.background.clone());
    if !cell.is_alone() {
        health.start_warming();
        let (health, closing) = (health.clone(), closing.clone());
        let stranger = move || {
            let pool = pool.clone();
            async move { Ok(store::markets::stranger(&pool, cell).await?) }
        };
        parts.spawn("cell", cells::keep_to(cell, health, closing, stranger));
    }
    spawn_workers(&mut parts, &shared)?;
    let admins = PublishedAdmins::serve(&mut parts, shared.account.clone(), &shared.config.tokens);
    let port = admin::serve(listeners.admin, health.clone(), Some(admins.clone()), parts.ending());
    parts.spawn_last("admin port", port);
    let routes = routes(&mut parts, &shared, admins);
    let (grpc, experiments) = (shared.config.grpc.clone(), shared.config.runtime.experiments);
    let drain = shared.config.runtime.drain.clone();
    parts.spawn("grpc port", async move {
        server::serve(&grpc, listeners.service, health, experiments, routes, closing).await
    });
    parts.run(&drain, shared.pools.close()).await
}

/// The workers that need nobody to call them.
fn spawn_workers(parts: &mut Parts, shared: &Shared) -> anyhow::Result<()> {
    let Shared { replica, config, pools, ledger, wakers, failpoints, settlement, .. } = shared;
    let (closing, replica) = (parts.closing(), *replica);
    let pool = || pools.background.clone();
    parts.spawn_worker("settlement", settlement.clone().run(closing.clone()));
    parts.spawn_worker("incident metrics", Incidents::new(pool()).report(closing.clone()));
    for (place, cell) in (0..).zip(ledger.cells().iter()) {
        let of = Cell { index: place, of: ledger.cells().count() };
        let settlement = config.settlement.clone();
        let delivery =
            Delivery::new(pool(), cell.clone(), of, settlement, wakers.clone(), failpoints.clone());
        parts.spawn_worker("delivery", delivery.run(closing.clone()));
        let (of, recovery) = ((place, cell.clone()), config.recovery.clone());
        let recovery = Recovery::new(pool(), of, config.cell, replica, recovery, wakers.clone());
        parts.spawn_worker("recovery", recovery.run(closing.clone()));
    }
    let auditor = Auditor::new(pool(), ledger.clone(), replica, config.cell, config.recovery.clone());
    parts.spawn_worker("audit", auditor.run(closing.clone()));
    let feed = client::connect_from(SERVICE, &config.league_schedule)?;
    for (name, source) in [("life", Source::Matches), ("questions", Source::Questions)] {
        let (feed, life) = (feed.clone(), config.life.clone());
        let life = Life::new(source, pool(), feed, replica, life, config.cell, wakers.clone());
        parts.spawn_worker(name, life.run(closing.clone()));
    }
    let tick = Duration::from_millis(config.life.tick_ms);
    parts.spawn_worker("ticker", ticker::run(pool(), tick, closing.clone()));
    parts.spawn_worker("retention", retention::run(pool(), config.retention.clone(), closing.clone()));
    parts.spawn_worker("periods", periods::run(pool(), closing));
    Ok(())
}

/// The gRPC services and the workers behind them. The queue's workers end once nobody can call any more.
fn routes(parts: &mut Parts, shared: &Shared, admins: Arc<PublishedAdmins>) -> Routes {
    let Shared { config, pools, ledger, wakers, failpoints, .. } = shared;
    let (pool, closing) = (&pools.requests, parts.closing());
    let market_cache = MarketCache::new(pool.clone(), config.placement.lock_timeout());
    let cancel_window = config.cancel_window();
    let (accepted, counting) = accepted::new(pools.background.clone());
    parts.spawn_worker("count of bets", counting.run());
    let needs = Needs {
        requests: pool.clone(),
        workers: pools.workers.clone(),
        markets: market_cache.clone(),
        ledger: ledger.clone(),
        wakers: wakers.clone(),
        accepted,
        failpoints: failpoints.clone(),
        cancel_window,
    };
    let (placement, workers, room) = Placement::new(&config.placement, needs);
    for worker in workers {
        parts.spawn_worker("bet batches", worker.run());
    }
    parts.spawn_worker("held markets", room.run(closing.clone()));
    parts.spawn_worker("queue metrics", report_depth(placement.depth(), closing.clone()));
    let interval = Duration::from_millis(config.watch_interval_ms);
    let (market_watch, market_poller) = MarketWatch::new(pool.clone(), interval);
    parts.spawn_worker("market watch", market_poller.run(closing.clone()));
    let (bet_watch, bet_poller) = BetWatch::new(pool.clone(), interval);
    parts.spawn_worker("bet watch", bet_poller.run(closing.clone()));
    let betting = Betting {
        pool: pool.clone(),
        market_cache,
        placement: placement.clone(),
        bets: Bets::new(pool.clone(), placement),
        market_watch,
        bet_watch,
        cancel_window,
        closing,
    };
    let market_admin = MarketAdmin {
        admin: Admin::new(pool.clone(), shared.settlement.over(pool.clone()), wakers.clone(), config.cell),
        incidents: Incidents::new(pool.clone()),
        preview: Preview::new(pool.clone(), config.cell),
        cancel_window,
    };
    Routes::default()
        .add_service(BettingServiceServer::new(betting))
        .add_service(AdminOnly::new(MarketAdminServiceServer::new(market_admin), admins.clone()))
        .add_service(admin_log::service(pool.clone(), admins))
}

async fn report_depth(depth: Depth, closing: CancellationToken) {
    let mut ticks = time::interval(METRICS_EVERY);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let waiting = u32::try_from(depth.get()).unwrap_or(u32::MAX);
        gauge!("loljoa_bet_queue_depth", "service" => SERVICE).set(waiting);
    }
}
