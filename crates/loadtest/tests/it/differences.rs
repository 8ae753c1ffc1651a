//! A point that is not accounted for fails the run.

use loljoa_loadtest::{bench, lab::Lab, results::Against, scenario::Kind};

use crate::support::{briefly, options};

#[tokio::test]
async fn a_point_that_an_old_design_lost_fails_its_run() {
    let mut lab = Lab::start(options(Against::Pessimistic)).await.unwrap();
    let stack = lab.stack(Against::Pessimistic, 1).await.unwrap();
    let sound = bench::one(&mut lab, &stack, Kind::HotMarket, 4, &briefly()).await.unwrap();
    assert_eq!(sound.failures(), Vec::<String>::new());

    let lost = "UPDATE accounts SET points = points - 1 WHERE account_id = (SELECT min(account_id::text)::uuid FROM accounts)";
    sqlx::query(lost).execute(stack.bets()).await.unwrap();
    let run = bench::one(&mut lab, &stack, Kind::HotMarket, 4, &briefly()).await.unwrap();
    let failures = run.failures();
    assert!(failures.len() == 1 && failures[0].starts_with("points of accounts"), "{failures:?}");
    stack.stop().await;
    lab.stop().await;
}

#[tokio::test]
async fn a_bet_that_was_accepted_and_is_not_there_fails_the_run() {
    let mut lab = Lab::start(options(Against::Ours)).await.unwrap();
    let stack = lab.stack(Against::Ours, 1).await.unwrap();
    let world = lab.world(&stack, Kind::HotMarket).await.unwrap();
    let audit = lab.audit(&stack, &world, 1).await.unwrap();
    assert_eq!(audit.differences, ["1 bets were accepted, and 0 are there"]);
    stack.stop().await;
    lab.stop().await;
}
