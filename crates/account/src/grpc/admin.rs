//! `AccountAdminService`, for admins by way of the edge.

use loljoa_proto::account::v1::{
    DisableAccountRequest, DisableAccountResponse, EnableAccountRequest, EnableAccountResponse,
    EndSessionsRequest, EndSessionsResponse, FindAccountRequest, FindAccountResponse,
    account_admin_service_server::AccountAdminService,
};
use loljoa_service_kit::{AccountId, Error};
use tonic::{Request, Response, Status, async_trait};

use super::convert;
use crate::service::Service;

pub(super) struct Admin {
    service: Service,
}

impl Admin {
    pub(super) const fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The account that is meant, and the admin who acts.
fn both(account_id: &str, acting_account_id: &str) -> Result<(AccountId, AccountId), Error> {
    Ok((AccountId::parse(account_id)?, AccountId::parse_field(acting_account_id, "actingAccountId")?))
}

#[async_trait]
impl AccountAdminService for Admin {
    async fn find_account(
        &self,
        request: Request<FindAccountRequest>,
    ) -> Result<Response<FindAccountResponse>, Status> {
        let found = self.service.find(&request.get_ref().username).await?;
        Ok(Response::new(FindAccountResponse { account: Some(convert::managed(found)) }))
    }

    async fn disable_account(
        &self,
        request: Request<DisableAccountRequest>,
    ) -> Result<Response<DisableAccountResponse>, Status> {
        let DisableAccountRequest { account_id, acting_account_id } = request.into_inner();
        let (account, admin) = both(&account_id, &acting_account_id)?;
        let disabled = self.service.disable(account, admin).await?;
        Ok(Response::new(DisableAccountResponse { account: Some(convert::managed(disabled)) }))
    }

    async fn enable_account(
        &self,
        request: Request<EnableAccountRequest>,
    ) -> Result<Response<EnableAccountResponse>, Status> {
        let EnableAccountRequest { account_id, acting_account_id } = request.into_inner();
        let (account, admin) = both(&account_id, &acting_account_id)?;
        let enabled = self.service.enable(account, admin).await?;
        Ok(Response::new(EnableAccountResponse { account: Some(convert::managed(enabled)) }))
    }

    async fn end_sessions(
        &self,
        request: Request<EndSessionsRequest>,
    ) -> Result<Response<EndSessionsResponse>, Status> {
        let EndSessionsRequest { account_id, acting_account_id } = request.into_inner();
        let (account, admin) = both(&account_id, &acting_account_id)?;
        let ended = self.service.end_sessions(account, admin).await?;
        Ok(Response::new(EndSessionsResponse { ended: i64::try_from(ended).map_err(Error::internal)? }))
    }
}
