use std::{collections::VecDeque, time::Duration};

use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time;

use super::Http;

const PATIENCE: Duration = Duration::from_mins(1);

/// The events of a stream, one after another.
pub(crate) struct Events {
    response: Response,
    buffer: Vec<u8>,
    ready: VecDeque<(String, Value)>,
}

impl Events {
    /// Opens the stream and waits for its greeting.
    pub(crate) async fn open(http: &Http, path: &str) -> Self {
        let response = http.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = Self { response, buffer: Vec::new(), ready: VecDeque::new() };
        assert_eq!(events.next().await.0, "hello");
        events
    }

    /// Name and content of the next event.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            let chunk =
                time::timeout(PATIENCE, self.response.chunk()).await.expect("no event in time").unwrap();
            self.buffer.extend(chunk.expect("the stream goes on"));
            self.read();
        }
    }

    /// The next event of which `wanted` says yes; others are passed over.
    pub(crate) async fn find(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let (name, data) = self.next().await;
            if wanted(&name, &data) {
                return data;
            }
        }
    }

    fn read(&mut self) {
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let block = String::from_utf8(block).unwrap();
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(event), Some(data)) = (field("event:"), field("data:")) {
                self.ready.push_back((event.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
}
