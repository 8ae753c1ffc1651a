//! Several replicas of everything.

use loljoa_loadtest::{
    bench,
    lab::{Lab, api::Api},
    results::{Against, Replicas},
    scenario::Kind,
};

use crate::support::{briefly, options};

/// So many that it is all but impossible that they all go to one replica.
const SIGN_UPS: usize = 20;

#[tokio::test]
async fn every_gateway_has_a_share_of_the_bets_and_every_account_of_the_sign_ups() {
    let mut lab = Lab::start(options(Against::Ours)).await.unwrap();
    let replicas = Replicas { betting: 2, gateway: 2, account: 2, cells: 1 };
    let stack = lab.stack(Against::Ours, replicas).await.unwrap();
    let run = bench::one(&mut lab, &stack, Kind::HotMarket, 8, &briefly()).await.unwrap();
    assert_eq!((run.failures(), run.replicas), (Vec::new(), replicas));
    let title = "hot-market, ours, 8 connections, 2 replicas, 2 gateways, 2 accounts";
    assert_eq!(run.title(), title);

    let api = Api::new(&format!("http://{}", stack.gateways()[0]));
    for number in 0..SIGN_UPS {
        api.sign_up(&format!("newcomer{number}"), "a long password").await.unwrap();
    }
    let mut asked = Vec::new();
    for admin in stack.admins() {
        let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
        asked.push(share(&metrics));
    }
    let [one, other, account] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(*one > 0.0 && *other > 0.0 && *account > 0.0, "{asked:?}");
    stack.stop().await;
    lab.stop().await;
}

/// How many bets a gateway was asked for, or how many users account signed up. Stakes are not what tells of account: they go
/// where they meet, which at this rate is one replica.
fn share(metrics: &str) -> f64 {
    let is_one = |line: &&str| {
        line.starts_with("loljoa_http_requests_total") && line.contains("/bets") && line.contains("201")
            || line.starts_with("loljoa_grpc_requests_total") && line.contains("SignUp")
    };
    let count = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
    metrics.lines().filter(is_one).map(count).sum()
}
