use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use tokio::time;

const POLL: Duration = Duration::from_millis(20);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Waits until every service says at its admin port that it is ready.
pub(super) async fn all(admin_ports: &[SocketAddr]) {
    join_all(admin_ports.iter().map(|address| one(*address))).await;
}

/// Waits until the service with this admin port says that it is ready.
pub(super) async fn one(address: SocketAddr) {
    let client = reqwest::Client::new();
    let url = format!("http://{address}/readyz");
    while !says_ready(&client, &url).await {
        time::sleep(POLL).await;
    }
}

async fn says_ready(client: &reqwest::Client, url: &str) -> bool {
    let answer = client.get(url).timeout(ANSWER_TIMEOUT).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
