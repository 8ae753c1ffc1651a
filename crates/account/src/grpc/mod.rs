//! The service's gRPC calls.

mod account;
mod admin;
mod convert;
mod judge;
mod ledger;

use std::sync::Arc;

use loljoa_proto::account::v1::{
    account_admin_service_server::AccountAdminServiceServer, account_service_server::AccountServiceServer,
    ledger_service_server::LedgerServiceServer,
};
use loljoa_service_kit::{admin_log, identity::AdminOnly, postgres::Pools};
use tonic::service::Routes;

use crate::service::{AllAdmins, Service};

/// Everything that the service serves.
pub(crate) fn routes(service: Service, admins: Arc<AllAdmins>, pools: &Pools) -> Routes {
    let ledger = ledger::Ledger::new(pools.clone(), service.ledger.clone(), service.cell);
    let admin = AccountAdminServiceServer::new(admin::Admin::new(service.clone()));
    let accounts = account::Accounts::new(service);
    Routes::new(AccountServiceServer::new(accounts))
        .add_service(AdminOnly::new(admin, admins.clone()))
        .add_service(admin_log::service(pools.requests.clone(), admins))
        .add_service(LedgerServiceServer::new(ledger))
}
