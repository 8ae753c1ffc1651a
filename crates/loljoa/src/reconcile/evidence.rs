use loljoa_account::audit::BetTransferKind;
use loljoa_betting::{
    audit::Known,
    reconcile::{Case, Orphan, cases},
};
use loljoa_service_kit::{BetId, Points};

use crate::audit::{Books, known};

/// All that both sides have of one bet.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// The bet; none when betting has none.
    pub(super) case: Option<Case>,
    /// What the ledger knows of it.
    pub(super) known: Known,
    /// Its stake, as far as a bet that is not there needs it.
    pub(super) orphan: Option<Orphan>,
    /// What its account can pay; none when the ledger does not know the account.
    pub(super) balance: Option<Points>,
}

impl Evidence {
    /// The bet is read first: what it calls for came before it, or is owed.
    pub(super) async fn of(books: &Books, bet: BetId) -> sqlx::Result<Self> {
        let case = cases(&books.betting, &[bet]).await?.pop();
        let known = known(books, &[bet]).await?.remove(&bet).unwrap_or_default();
        let stake = loljoa_account::audit::bet_transfers(&books.account, &[bet.stake_transfer()]).await?;
        let stake = stake.into_iter().find(|transfer| transfer.kind == BetTransferKind::Stake);
        let orphan = stake.map(|stake| Orphan {
            bet_id: bet,
            account_id: stake.account_id,
            market_id: stake.market_id,
            stake: stake.points,
            fingerprint: stake.fingerprint,
        });
        let account = case.as_ref().map(|case| case.bet.account_id);
        let accounts: Vec<_> = account.into_iter().collect();
        let balance = loljoa_account::reconcile::balances(&books.account, &accounts).await?;
        Ok(Self { case, known, orphan, balance: balance.first().map(|(_, points)| *points) })
    }
}
