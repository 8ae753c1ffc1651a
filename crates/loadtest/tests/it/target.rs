//! Systems that run already.

use loljoa_loadtest::{
    lab::Lab,
    results::{Against, Results},
    scenario::Kind,
};

use crate::support::{options, run, text};

#[tokio::test]
async fn another_machine_is_left_alone_unless_its_owner_says_so() {
    let output = run(&["target", "http://192.0.2.1:8080", "hot-market"]).await;
    assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--allow-remote"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_system_that_runs_already_is_measured_by_its_url() {
    let mut lab = Lab::start(options(Against::Ours)).await.unwrap();
    let stack = lab.stack(Against::Ours, 1).await.unwrap();
    lab.world(&stack, Kind::HotMarket).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("results.json");
    let url = format!("http://{}", stack.gateway());
    // As many as the points of whoever has just signed up are enough for.
    let output = run(&[
        "target",
        &url,
        "hot-market",
        "--users",
        "3",
        "--connections",
        "2",
        "--rate",
        "20",
        "--seconds",
        "1",
        "--warm-up",
        "0",
        "--json",
        json.to_str().unwrap(),
    ])
    .await;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let run = &Results::read(&json).unwrap().runs[0];
    let asked: u64 = run.slices.iter().map(|slice| slice.requests).sum();
    assert_eq!((asked, run.rate, run.failures()), (20, Some(20.0), Vec::new()), "{run:?}");
    stack.stop().await;
    lab.stop().await;
}
