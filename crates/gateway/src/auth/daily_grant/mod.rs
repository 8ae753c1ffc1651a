//! The grant of the day, claimed when an account's first authenticated request of a Korean day comes.
//!
//! The claim goes aside from the request: a bet never waits for it. Only who is about to see points does, a little.

mod book;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{NaiveDate, TimeDelta};
use futures::{StreamExt, stream};
use loljoa_proto::account::v1::{ClaimDailyGrantRequest, account_service_client::AccountServiceClient};
use loljoa_service_kit::{
    AccountId, Cells, Clock, Slot,
    grpc::{Channel, client::repeatable},
};
use metrics::counter;
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{SERVICE, rest::Rest};
use book::{Book, Entry};

/// Claims that wait to be made. When there are more, the account's next request tries again.
const WAITING: usize = 10_000;
/// Claims under way at once; account gathers them into few commits.
const AT_ONCE: usize = 64;
/// How long one claim may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nobody waits more to see the points.
const SEEN_WITHIN: Duration = Duration::from_secs(2);
const SEOUL_OFFSET: TimeDelta = TimeDelta::hours(9);

/// Claims each account's grant once a day; account itself makes sure that it is granted once over all replicas.
pub(crate) struct DailyGrants {
    book: Mutex<Book>,
    tasks: mpsc::Sender<Task>,
    rest: Rest,
    clock: Clock,
}

/// A claim to be made. Those who wait for it see its end in that `done` is dropped.
struct Task {
    account_id: AccountId,
    day: NaiveDate,
    done: watch::Sender<()>,
}

/// A grant that may be on its way.
#[must_use]
pub(crate) struct Claim(Option<watch::Receiver<()>>);

impl Claim {
    /// Waits until the claim has been made or has failed, but not for long.
    pub(crate) async fn settled(self) {
        if let Claim(Some(mut done)) = self {
            let _ = time::timeout(SEEN_WITHIN, done.changed()).await;
        }
    }
}

/// The grants, and the worker that makes the claims.
pub(crate) fn new(
    account: Cells<AccountServiceClient<Channel>>,
    clock: Clock,
) -> (Arc<DailyGrants>, Claimer) {
    let (sender, tasks) = mpsc::channel(WAITING);
    let book = Mutex::new(Book::default());
    let grants = Arc::new(DailyGrants { book, tasks: sender, rest: Rest::default(), clock });
    (Arc::clone(&grants), Claimer { account, tasks, grants })
}

impl DailyGrants {
    /// Sees to it that the day's grant is claimed unless this replica has done so. Does not wait for it.
    pub(crate) fn claim(&self, account_id: AccountId) -> Claim {
        let day = (self.clock.now() + SEOUL_OFFSET).date_naive();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match book.look(account_id, day) {
            Entry::Claimed => Claim(None),
            Entry::UnderWay(done) => Claim(Some(done)),
            Entry::Unknown if self.rest.is_on() => Claim(None),
            Entry::Unknown => {
                let (done, claim) = watch::channel(());
                if self.tasks.try_send(Task { account_id, day, done }).is_err() {
                    count("crowded");
                    return Claim(None);
                }
                book.start(account_id, claim.clone());
                Claim(Some(claim))
            }
        }
    }

    fn finish(&self, task: Task, claimed: Result<(), Status>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.finish(task.account_id, task.day, claimed.is_ok());
        drop(book);
        match claimed {
            Ok(()) => count("claimed"),
            Err(status) => {
                count("failed");
                self.rest.after(&status);
                let account_id = task.account_id;
                tracing::warn!(
                    event = "grant.failed",
                    %account_id, error = %status, "the grant of the day could not be claimed"
                );
            }
        }
        drop(task.done);
    }
}

/// Makes the claims.
pub(crate) struct Claimer {
    account: Cells<AccountServiceClient<Channel>>,
    tasks: mpsc::Receiver<Task>,
    grants: Arc<DailyGrants>,
}

impl Claimer {
    /// Makes claims until `shutdown`. One that is given up then is made anew by the account's next request.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let Self { account, mut tasks, grants } = self;
        let claims = stream::poll_fn(|context| tasks.poll_recv(context));
        let made = claims.for_each_concurrent(AT_ONCE, |task: Task| {
            let account = account.at(Slot::of_account(task.account_id)).clone();
            let grants = Arc::clone(&grants);
            async move {
                let claimed = call(account, task.account_id).await;
                grants.finish(task, claimed);
            }
        });
        let _ = shutdown.run_until_cancelled(made).await;
    }
}

async fn call(mut account: AccountServiceClient<Channel>, account_id: AccountId) -> Result<(), Status> {
    let request = ClaimDailyGrantRequest { account_id: account_id.to_string() };
    let late = |_| Err(Status::deadline_exceeded("the grant took too long"));
    time::timeout(PATIENCE, account.claim_daily_grant(repeatable(request)))
        .await
        .unwrap_or_else(late)
        .map(|_| ())
}

fn count(outcome: &'static str) {
    counter!("loljoa_daily_grant_claims_total", "service" => SERVICE, "outcome" => outcome).increment(1);
}
