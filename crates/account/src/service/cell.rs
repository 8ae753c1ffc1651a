//! Keeping to the accounts that belong to this cell (docs/adr/0041).

use loljoa_service_kit::{AccountId, Error, Slot, postgres};

use super::Service;
use crate::{domain::username::Username, store::cells};

impl Service {
    /// The slot of a name that belongs here.
    ///
    /// # Errors
    ///
    /// `other_cell` when it belongs to another cell: whoever sent it here is configured otherwise.
    pub(super) fn own_slot(&self, username: &Username) -> Result<Slot, Error> {
        let slot = Slot::of_name(&username.key);
        if self.cell.owns(slot) {
            return Ok(slot);
        }
        Err(Error::conflict("other_cell", "the name belongs to another cell of account"))
    }

    /// An account that is here and does not belong here.
    pub(crate) async fn stranger(&self) -> Result<Option<AccountId>, Error> {
        Ok(cells::stranger(&mut *postgres::reading(&self.pool).await?, self.cell).await?)
    }
}
