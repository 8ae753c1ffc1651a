//! `AccountService`, for the edge.

use loljoa_proto::account::v1::{
    BatchGetUsernamesRequest, BatchGetUsernamesResponse, ChangePasswordRequest, ChangePasswordResponse,
    ClaimDailyGrantRequest, ClaimDailyGrantResponse, EndOtherSessionsRequest, EndOtherSessionsResponse,
    GetAccountRequest, GetAccountResponse, GetJwksRequest, GetJwksResponse, GetStatusRequest,
    GetStatusResponse, ListLeaderboardRequest, ListLeaderboardResponse, ListRevocationsRequest,
    ListRevocationsResponse, ListTransfersRequest, ListTransfersResponse, LogInRequest, LogInResponse,
    LogOutAllRequest, LogOutAllResponse, LogOutRequest, LogOutResponse, RefreshRequest, RefreshResponse,
    SignUpRequest, SignUpResponse, account_service_server::AccountService,
};
use loljoa_service_kit::{
    AccountId, Error, ErrorCode, IdempotencyKey, Points,
    identity::{Identity, token},
    page, postgres,
};
use tonic::{Request, Response, Status, async_trait};

use super::convert;
use crate::{
    audit,
    service::{Credentials, LeaderboardQuery, Service, SignUp},
    store::{accounts, statement},
};

const MAX_USERNAMES: usize = 1_000;
/// Longer than any address is written.
const MAX_ADDRESS_BYTES: usize = 64;

pub(super) struct Accounts {
    service: Service,
}

impl Accounts {
    pub(super) const fn new(service: Service) -> Self {
        Self { service }
    }
}

fn check_address(client_address: &str) -> Result<(), Error> {
    if client_address.len() > MAX_ADDRESS_BYTES {
        let allowed = "must be 64 bytes or fewer";
        return Err(Error::invalid_field("clientAddress", "address_invalid", allowed));
    }
    Ok(())
}

/// The account of who holds the token. The request may name it too, and no other.
fn own(who: &Identity, named: &str) -> Result<AccountId, Error> {
    if named.is_empty() || AccountId::parse(named)? == who.account_id {
        return Ok(who.account_id);
    }
    Err(Error::new(ErrorCode::Forbidden, "another_account", "the access token is another account's"))
}

#[async_trait]
impl AccountService for Accounts {
    async fn sign_up(&self, request: Request<SignUpRequest>) -> Result<Response<SignUpResponse>, Status> {
        let SignUpRequest { username, password, idempotency_key, .. } = request.into_inner();
        let key = match idempotency_key.as_str() {
            "" => None,
            key => Some(IdempotencyKey::parse(key)?),
        };
        let credentials = Credentials { username, password: password.into() };
        let session = self.service.sign_up(SignUp { credentials, key }).await?;
        Ok(Response::new(SignUpResponse { session: Some(convert::session(session)) }))
    }

    async fn log_in(&self, request: Request<LogInRequest>) -> Result<Response<LogInResponse>, Status> {
        let LogInRequest { username, password, client_address } = request.into_inner();
        check_address(&client_address)?;
        let credentials = Credentials { username, password: password.into() };
        let session = self.service.log_in(credentials, &client_address).await?;
        Ok(Response::new(LogInResponse { session: Some(convert::session(session)) }))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Result<Response<RefreshResponse>, Status> {
        let session = self.service.refresh(&request.get_ref().refresh_token).await?;
        Ok(Response::new(RefreshResponse { session: Some(convert::session(session)) }))
    }

    async fn log_out(&self, request: Request<LogOutRequest>) -> Result<Response<LogOutResponse>, Status> {
        self.service.log_out(&request.get_ref().refresh_token).await?;
        Ok(Response::new(LogOutResponse {}))
    }

    async fn log_out_all(
        &self,
        request: Request<LogOutAllRequest>,
    ) -> Result<Response<LogOutAllResponse>, Status> {
        let who = self.service.identify(token(&request)?).await?;
        let account = own(&who, &request.get_ref().account_id)?;
        let ended = self.service.log_out_all(account).await?;
        Ok(Response::new(LogOutAllResponse { ended: i64::try_from(ended).map_err(Error::internal)? }))
    }

    async fn end_other_sessions(
        &self,
        request: Request<EndOtherSessionsRequest>,
    ) -> Result<Response<EndOtherSessionsResponse>, Status> {
        let who = self.service.identify(token(&request)?).await?;
        let account = own(&who, &request.get_ref().account_id)?;
        let ended = self.service.end_other_sessions(account, who.session).await?;
        Ok(Response::new(EndOtherSessionsResponse { ended: i64::try_from(ended).map_err(Error::internal)? }))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let who = self.service.whose(token(&request)?).await?;
        let ChangePasswordRequest { account_id, current_password, new_password, client_address } =
            request.into_inner();
        check_address(&client_address)?;
        let passwords = (current_password.into(), new_password.into());
        let account = own(&who, &account_id)?;
        let session = self.service.change_password(account, passwords, &client_address).await?;
        Ok(Response::new(ChangePasswordResponse { session: Some(convert::session(session)) }))
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let account = self.service.account(account).await?;
        Ok(Response::new(GetAccountResponse { account: Some(convert::account(account)) }))
    }

    async fn claim_daily_grant(
        &self,
        request: Request<ClaimDailyGrantRequest>,
    ) -> Result<Response<ClaimDailyGrantResponse>, Status> {
        let account = AccountId::parse(&request.get_ref().account_id)?;
        let granted = self.service.claim_daily_grant(account).await?;
        Ok(Response::new(ClaimDailyGrantResponse { granted }))
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        let request = request.into_inner();
        let account = AccountId::parse(&request.account_id)?;
        let limit = page::limit(request.limit)?;
        let before = page::decode_cursor(&request.cursor)?;
        let mut db = postgres::reading(&self.service.reads).await.map_err(Error::from)?;
        let lines = statement::page(&mut *db, account, before, limit).await.map_err(Error::from)?;
        let full = i64::try_from(lines.len()).is_ok_and(|length| length == limit);
        let next_cursor = lines.last().filter(|_| full).map(|line| page::encode_cursor(&line.seq));
        Ok(Response::new(ListTransfersResponse {
            lines: lines.iter().map(convert::statement_line).collect(),
            next_cursor: next_cursor.unwrap_or_default(),
        }))
    }

    async fn list_leaderboard(
        &self,
        request: Request<ListLeaderboardRequest>,
    ) -> Result<Response<ListLeaderboardResponse>, Status> {
        let request = request.into_inner();
        let own = match request.account_id.as_str() {
            "" => None,
            id => Some(AccountId::parse(id)?),
        };
        let query = LeaderboardQuery {
            tier: convert::tier_from(request.tier)?,
            after: self.service.cursors.decode_cursor(&request.cursor)?,
            limit: page::limit(request.limit)?,
            own,
        };
        let leaderboard = self.service.leaderboard(query).await?;
        let better = match request.better_than {
            Some(profit) => self.service.better_than(Points(profit)).await?,
            None => 0,
        };
        let next = leaderboard.next.map(|next| self.service.cursors.encode_cursor(&next));
        Ok(Response::new(ListLeaderboardResponse {
            accounts: leaderboard.accounts.into_iter().map(convert::place).collect(),
            next_cursor: next.unwrap_or_default(),
            own: leaderboard.own.map(convert::account),
            better,
        }))
    }

    async fn batch_get_usernames(
        &self,
        request: Request<BatchGetUsernamesRequest>,
    ) -> Result<Response<BatchGetUsernamesResponse>, Status> {
        let ids = request.into_inner().account_ids;
        if ids.len() > MAX_USERNAMES {
            let allowed = "must be 1000 or fewer";
            return Err(Error::invalid_field("accountIds", "too_many_accounts", allowed).into());
        }
        let ids = ids.iter().map(|id| AccountId::parse(id)).collect::<Result<Vec<_>, _>>()?;
        let mut db = postgres::reading(&self.service.reads).await.map_err(Error::from)?;
        let usernames = accounts::usernames(&mut *db, &ids).await.map_err(Error::from)?;
        let usernames = usernames.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        Ok(Response::new(BatchGetUsernamesResponse { usernames }))
    }

    async fn get_jwks(&self, _: Request<GetJwksRequest>) -> Result<Response<GetJwksResponse>, Status> {
        Ok(Response::new(GetJwksResponse { jwks_json: self.service.keyring.jwks_json().await? }))
    }

    async fn list_revocations(
        &self,
        request: Request<ListRevocationsRequest>,
    ) -> Result<Response<ListRevocationsResponse>, Status> {
        let since = convert::since_from(request.into_inner().since)?;
        Ok(Response::new(convert::revocations(self.service.revocations(since).await?)))
    }

    async fn get_status(&self, _: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let status = audit::status(&self.service.reads).await?;
        Ok(Response::new(convert::status(status)))
    }
}
