//! `LedgerService`, for betting alone.

use loljoa_proto::account::v1::{
    ApplyTransfersRequest, ApplyTransfersResponse, BatchGetPoolBalancesRequest, BatchGetPoolBalancesResponse,
    CheckTransfersRequest, CheckTransfersResponse, ClearMarketRequest, ClearMarketResponse,
    ListTransferFeedRequest, ListTransferFeedResponse, PoolBalance, RecordResultsRequest,
    RecordResultsResponse, ledger_service_server::LedgerService,
};
use loljoa_service_kit::{
    Cell, Error, MarketId, page,
    postgres::{self, Pools},
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    convert,
    judge::{self, Judged},
};
use crate::{
    domain::{feed, transfer::MAX_BATCH},
    ledger::Handle,
    store::{self, checks, clearings, pools, transfers},
};

const MAX_MARKETS: usize = 1_000;

pub(super) struct Ledger {
    pools: Pools,
    handle: Handle,
    cell: Cell,
}

impl Ledger {
    pub(super) const fn new(pools: Pools, handle: Handle, cell: Cell) -> Self {
        Self { pools, handle, cell }
    }
}

#[async_trait]
impl LedgerService for Ledger {
    async fn apply_transfers(
        &self,
        request: Request<ApplyTransfersRequest>,
    ) -> Result<Response<ApplyTransfersResponse>, Status> {
        let Judged { good, refused } = Judged::of(request.into_inner().transfers)?;
        let outcomes = self.handle.apply(good).await?;
        Ok(Response::new(judge::answer(outcomes, refused)))
    }

    async fn record_results(
        &self,
        request: Request<RecordResultsRequest>,
    ) -> Result<Response<RecordResultsResponse>, Status> {
        let sent = request.into_inner().results;
        let sent = sent.iter().map(convert::result_from).collect::<Result<Vec<_>, _>>()?;
        let recorded = self.handle.record(&sent).await?;
        if recorded.unknown > 0 {
            tracing::error!(
                event = "results.unknown",
                unknown = recorded.unknown,
                "results were sent for bets without a standing stake"
            );
        }
        Ok(Response::new(RecordResultsResponse {
            recorded: i32::try_from(recorded.new).map_err(Error::internal)?,
            unknown: i32::try_from(recorded.unknown).map_err(Error::internal)?,
        }))
    }

    async fn list_transfer_feed(
        &self,
        request: Request<ListTransferFeedRequest>,
    ) -> Result<Response<ListTransferFeedResponse>, Status> {
        let request = request.into_inner();
        let limit = convert::feed_limit(request.limit)?;
        let min_age = convert::min_age(request.min_age_ms)?;
        let kinds =
            request.kinds.iter().map(|kind| convert::kind_from(*kind)).collect::<Result<Vec<_>, _>>()?;
        let from: Option<feed::Position> = page::decode_cursor(&request.cursor)?;
        let from = from.unwrap_or_default();
        let pool = &self.pools.background;
        let read = store::feed::page(pool, from, min_age, limit).await.map_err(Error::from)?;
        let page = feed::page(read, limit, from, &kinds);
        let standing = store::feed::standing(pool, from, page.next).await.map_err(Error::from)?;
        if from != feed::Position::default() && !standing.known {
            return Err(feed::cursor_ahead().into());
        }
        let moved = page.next != from;
        Ok(Response::new(ListTransferFeedResponse {
            transfers: page.entries.into_iter().map(convert::feed_transfer).collect(),
            next_cursor: if moved { page::encode_cursor(&page.next) } else { request.cursor },
            more: page.more,
            lag_ms: standing.lag_ms,
        }))
    }

    async fn batch_get_pool_balances(
        &self,
        request: Request<BatchGetPoolBalancesRequest>,
    ) -> Result<Response<BatchGetPoolBalancesResponse>, Status> {
        let ids = request.into_inner().market_ids;
        if ids.len() > MAX_MARKETS {
            let allowed = "must be 1000 or fewer";
            return Err(Error::invalid_field("marketIds", "too_many_markets", allowed).into());
        }
        let ids = ids.iter().map(|id| MarketId::parse(id)).collect::<Result<Vec<_>, _>>()?;
        let pools = pools::balances(&self.pools.background, &ids).await.map_err(Error::from)?;
        let balance =
            |pool: pools::Pool| PoolBalance { market_id: pool.market.to_string(), points: pool.points.0 };
        Ok(Response::new(BatchGetPoolBalancesResponse { balances: pools.into_iter().map(balance).collect() }))
    }

    async fn check_transfers(
        &self,
        request: Request<CheckTransfersRequest>,
    ) -> Result<Response<CheckTransfersResponse>, Status> {
        let described = request.into_inner().transfers;
        if described.len() > MAX_BATCH {
            return Err(
                Error::invalid_field("transfers", "too_many_transfers", "must be 5000 or fewer").into()
            );
        }
        let described = described.into_iter().map(convert::transfer_from).collect::<Result<Vec<_>, _>>()?;
        let differences =
            checks::differences(&self.pools.background, &described).await.map_err(Error::from)?;
        let differences = differences.into_iter().map(convert::difference).collect();
        Ok(Response::new(CheckTransfersResponse { differences }))
    }

    async fn clear_market(
        &self,
        request: Request<ClearMarketRequest>,
    ) -> Result<Response<ClearMarketResponse>, Status> {
        if self.cell.is_alone() {
            let why = "there is one cell: pools need no clearing";
            return Err(Error::conflict("one_cell", why).into());
        }
        let clearing = convert::clearing_from(&request.into_inner())?;
        let stripe = rand::random_range(0..transfers::STRIPES);
        let clear = || clearings::clear(&self.pools.background, &clearing, stripe);
        let outcome = postgres::repeating(clear).await.map_err(Error::from)?;
        Ok(Response::new(ClearMarketResponse { outcome: convert::outcome(outcome).into() }))
    }
}
