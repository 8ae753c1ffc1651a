//! `AccountAdminService`, for admins by way of the edge. Who acts stands in the access token, whatever the request says.

use loljoa_proto::account::v1::{
    DisableAccountRequest, DisableAccountResponse, EnableAccountRequest, EnableAccountResponse,
    EndSessionsRequest, EndSessionsResponse, FindAccountRequest, FindAccountResponse,
    account_admin_service_server::AccountAdminService,
};
use loljoa_service_kit::{AccountId, Error, identity::admin};
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
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let disabled = self.service.disable(account, admin(&request)?).await?;
        Ok(Response::new(DisableAccountResponse { account: Some(convert::managed(disabled)) }))
    }

    async fn enable_account(
        &self,
        request: Request<EnableAccountRequest>,
    ) -> Result<Response<EnableAccountResponse>, Status> {
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let enabled = self.service.enable(account, admin(&request)?).await?;
        Ok(Response::new(EnableAccountResponse { account: Some(convert::managed(enabled)) }))
    }

    async fn end_sessions(
        &self,
        request: Request<EndSessionsRequest>,
    ) -> Result<Response<EndSessionsResponse>, Status> {
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let ended = self.service.end_sessions(account, admin(&request)?).await?;
        Ok(Response::new(EndSessionsResponse { ended: i64::try_from(ended).map_err(Error::internal)? }))
    }
}
