//! An answer on its way to a client, handed over in pieces whose taking shows that somebody reads.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body as Inner;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::life::Exchange;

/// The largest piece. Whoever does not take one within the time for reading is not on a slow line.
const PIECE: usize = 16 * 1024;

/// The body of an answer.
pub(super) struct Answered {
    inner: Inner,
    /// What of the last frame was not handed over yet.
    rest: Bytes,
    exchange: Exchange,
}

impl Answered {
    pub(super) const fn new(inner: Inner, exchange: Exchange) -> Self {
        Self { inner, rest: Bytes::new(), exchange }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        self.exchange.owe(true);
        Frame::data(self.rest.split_to(self.rest.len().min(PIECE)))
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        self.exchange.owe(false);
        match ready!(Pin::new(&mut self.inner).poll_frame(context)).transpose()? {
            None => Poll::Ready(None),
            Some(frame) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    self.piece()
                }
                Err(trailers) => trailers,
            }))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
