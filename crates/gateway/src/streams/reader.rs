//! Telling a reader, who may be slow or gone.

use std::{pin::pin, time::Duration};

use futures::{Stream, StreamExt, stream};
use metrics::counter;
use tokio::sync::mpsc::{self, error::SendTimeoutError};

use super::Open;

/// Gives what is told of `events`, one at a time; nothing queues for the reader here. Events are taken on a task of their own, so
/// that a reader who does not read is noticed: when an event is left for longer than `patience`, the stream ends and
/// its place is free, whatever the connection still does.
pub(crate) fn tell<T: Send + 'static>(
    events: impl Stream<Item = T> + Send + 'static,
    patience: Duration,
    open: Open,
) -> impl Stream<Item = T> + Send {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _held_while_told = open;
        pass_on(events, patience, sender).await;
    });
    stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
}

async fn pass_on<T>(events: impl Stream<Item = T>, patience: Duration, reader: mpsc::Sender<T>) {
    let mut events = pin!(events);
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = reader.closed() => None,
        };
        let Some(event) = event else { return };
        match reader.send_timeout(event, patience).await {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(_)) => return count_slow_reader(),
            Err(SendTimeoutError::Closed(_)) => return,
        }
    }
}

/// A stream was given up because its reader did not keep up.
pub(crate) fn count_slow_reader() {
    counter!("loljoa_streams_slow_total", "service" => "gateway").increment(1);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{config, streams::Streams};

    const LONG: Duration = Duration::from_mins(1);

    fn streams() -> Arc<Streams> {
        let config = config::Streams { max: 1, kept_for_users: 0, ..config::Streams::default() };
        Arc::new(Streams::new(&config))
    }

    fn open(streams: &Arc<Streams>) -> Option<Open> {
        streams.open("1.1.1.1".parse().unwrap(), true).ok()
    }

    #[tokio::test]
    async fn who_reads_is_told_everything_in_order() {
        let streams = streams();
        let told = tell(stream::iter(0..1_000), LONG, open(&streams).unwrap());
        assert_eq!(told.collect::<Vec<_>>().await, (0..1_000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn who_does_not_read_loses_the_place() {
        let streams = streams();
        let events = stream::repeat(()).chain(stream::pending());
        let mut told = pin!(tell(events, Duration::from_millis(10), open(&streams).unwrap()));
        told.next().await.unwrap();
        let free = async {
            while open(&streams).is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(LONG, free).await.expect("the place is free again");
        while told.next().await.is_some() {}
    }

    #[tokio::test]
    async fn who_leaves_a_quiet_stream_makes_room() {
        let streams = streams();
        drop(tell(stream::pending::<()>(), LONG, open(&streams).unwrap()));
        let free = async {
            while open(&streams).is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(LONG, free).await.expect("the place is free again");
    }
}
