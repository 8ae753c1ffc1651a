//! What became of a call that got no answer.

use std::{error::Error as StdError, sync::Arc};

use tonic::{ConnectError, Status, TimeoutExpired};
use tower::BoxError;

use crate::Error;

/// Why there is no answer. It is the source of the status that the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    /// It was never sent: nothing was done.
    #[error("the other side was not reached")]
    NotSent,
    /// It was sent, and maybe done: nobody knows.
    #[error("the other side was lost before it answered")]
    Unknown,
    /// The callee is known to hang, so the call was not even tried.
    #[error("the other side hangs")]
    Hangs,
}

impl Lost {
    /// The status that says so; `detail` is for the log.
    pub(super) fn status(self, detail: &str) -> Status {
        let mut status = match self {
            Self::NotSent | Self::Unknown => Status::unavailable(format!("{self}: {detail}")),
            Self::Hangs => Error::unavailable("a service that is needed does not answer").into(),
        };
        status.set_source(Arc::new(self));
        status
    }

    /// Why `status` was made on this side, if it was.
    pub(super) fn of(status: &Status) -> Option<Self> {
        status.source()?.downcast_ref().copied()
    }
}

/// The status of a call that ended with an error of the connection. Whatever the library calls it, it is no answer.
pub(super) fn status(error: &BoxError) -> Status {
    let mut words = Vec::new();
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&**error);
    let mut lost = Lost::Unknown;
    while let Some(present) = cause {
        if present.is::<TimeoutExpired>() {
            return too_late();
        }
        if present.is::<ConnectError>() {
            lost = Lost::NotSent;
        }
        words.push(present.to_string());
        cause = present.source();
    }
    lost.status(&words.join(": "))
}

/// The transport keeps the announced deadline too, and may be first; a deadline is one thing, whoever notices.
pub(super) fn too_late() -> Status {
    Status::deadline_exceeded("no answer within the deadline")
}
