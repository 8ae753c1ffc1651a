//! The service's contracts, mapped onto what it does.

mod admin;
mod convert;
mod feed;
mod league;
mod questions;
mod standings;

use std::{sync::Arc, time::Duration};

use loljoa_proto::league_schedule::v1::{
    league_admin_service_server::LeagueAdminServiceServer,
    league_feed_service_server::LeagueFeedServiceServer, league_service_server::LeagueServiceServer,
};
use loljoa_service_kit::{
    admin_log,
    identity::{AdminOnly, Admins},
};
use sqlx::PgPool;
use tonic::service::Routes;

use crate::service::changes::Changes;
use admin::Admin;
use feed::Feed;
use league::League;

/// What an import of 1 MiB takes as a message.
const MAX_MESSAGE: usize = 2 * 1024 * 1024;

/// Everything that is served from `pool`'s database, what admins do only to whom `admins` says to be one; readers of `changes`
/// wait no longer than `longest_wait`.
#[must_use]
pub fn routes(pool: &PgPool, admins: Arc<dyn Admins>, changes: Changes, longest_wait: Duration) -> Routes {
    let admin = LeagueAdminServiceServer::new(Admin::new(pool.clone()));
    Routes::new(LeagueServiceServer::new(League::new(pool.clone())))
        .add_service(AdminOnly::new(admin.max_decoding_message_size(MAX_MESSAGE), Arc::clone(&admins)))
        .add_service(admin_log::service(pool.clone(), admins))
        .add_service(LeagueFeedServiceServer::new(Feed::new(pool.clone(), changes, longest_wait)))
}
