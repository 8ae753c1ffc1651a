//! Chunks of bets that ended with their market. They are told as a whole; what the ledger does not take as such is owed row by row
//! from then on.

use loljoa_service_kit::{Error, postgres};
use tracing::{Instrument, info_span};

use super::{Delivery, Failure, search::Search};
use crate::{
    SERVICE,
    domain::Owed,
    store::owed_chunks::{self as store, Chunk},
};

impl Delivery {
    /// Delivers the oldest chunk that no other replica has. Answers whether there was one.
    pub(super) async fn deliver_chunk(&self) -> Result<bool, Error> {
        let Some(chunk) = store::lease(&self.pool, self.cell, i64::from(self.config.lease_ms)).await? else {
            return Ok(false);
        };
        let span = info_span!(
            parent: None,
            "deliver_chunk",
            service = SERVICE,
            loljoa.market.id = %chunk.market_id
        );
        self.deliver_leased(chunk).instrument(span).await
    }

    async fn deliver_leased(&self, chunk: Chunk) -> Result<bool, Error> {
        let bets = store::bets(&self.pool, chunk);
        let owed = postgres::traced(&self.pool, "SELECT bets", bets).await?;
        let mut search = Search::over(owed.len());
        loop {
            let error = match self.tell(&owed).await {
                Ok(told) if told.refused.is_empty() => return self.acknowledge(chunk, &owed).await,
                Ok(_) => return self.take_apart(chunk).await,
                Err(Failure::Own(error)) => Err(error),
                Err(Failure::Ledger(error)) => self.lies_with_rows(error, &mut search).await,
            };
            match error {
                Ok(None) => {}
                Ok(Some(_)) => return self.take_apart(chunk).await,
                Err(error) => {
                    store::release(&self.pool, chunk).await?;
                    return Err(error);
                }
            }
        }
    }

    async fn acknowledge(&self, chunk: Chunk, owed: &[Owed]) -> Result<bool, Error> {
        let acknowledge = store::acknowledge(&self.pool, chunk);
        postgres::traced(&self.pool, "DELETE owed_chunks", acknowledge).await?;
        Self::count(owed.len());
        Ok(true)
    }

    /// Has the rows look for themselves which of them the ledger does not take.
    async fn take_apart(&self, chunk: Chunk) -> Result<bool, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        store::take_apart(&mut transaction, chunk).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
