//! Reading event streams.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::{PATIENCE, header};

/// A stream, read event by event.
pub(crate) struct Events {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    text: String,
}

impl Events {
    /// Opens a stream, by a client that would take compressed answers.
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.header("accept-encoding", "gzip, br").send().await.unwrap();
        assert_eq!(
            (response.status(), header(&response, "content-type")),
            (StatusCode::OK, "text/event-stream")
        );
        assert_eq!(header(&response, "content-encoding"), "");
        Self { body: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The next event or comment: its name, its data. None at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
                };
                let data = serde_json::from_str(field("data:")).unwrap_or(Value::Null);
                return Some((
                    if event.starts_with(':') { event.clone() } else { field("event:").to_owned() },
                    data,
                ));
            }
            let bytes = self.body.next().await?.ok()?;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event of this name; others are passed over.
    pub(crate) async fn find(&mut self, name: &str) -> Value {
        let found = async {
            loop {
                match self.next().await {
                    Some((event, data)) if event == name => return data,
                    Some(_) => {}
                    None => panic!("the stream ended before {name}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }
}
