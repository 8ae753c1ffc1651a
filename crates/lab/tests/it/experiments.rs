use crate::support::{ALONE, Outcome, Places};

/// Whether the rule that begins so holds.
fn holds(outcome: &Outcome, rule: &str) -> bool {
    let held = format!("  holds   {rule}");
    outcome.told.lines().any(|line| line.starts_with(&held))
}

#[tokio::test]
async fn pods_are_counted_beside_the_transaction_of_2022() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let page = places.path().join("page.html");
    let command = format!(
        "scale --pods 1,2 --connections 8 --seconds 1 --users 20 --html {} --document {}",
        page.display(),
        places.path().join("docs").display()
    );
    let outcome = places.run(&command).await;
    assert!(holds(&outcome, "no bet of ours fails"), "{}", outcome.told);
    assert!(holds(&outcome, "ours never deadlocks"), "{}", outcome.told);
    let page = std::fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<svg").count(), 2, "{page}");
    let document = std::fs::read_to_string(places.path().join("docs/scale.md")).unwrap();
    assert!(
        document.contains("loljoa lab scale --pods 1,2 --connections 8 --seconds 1 --users 20\n"),
        "{document}"
    );
    assert!(document.contains("| pessimistic | 2 |"), "{document}");
    assert!(places.path().join("docs/scale/throughput.svg").is_file());
    assert_eq!(places.left(), Vec::<String>::new());
}

#[tokio::test]
async fn quiet_markets_are_bet_on_beside_a_crowd() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let outcome = places.run("noisy --seconds 6 --crowd 16 --rate 10 --users 20").await;
    assert!(holds(&outcome, "no bet on a quiet market fails"), "{}", outcome.told);
    assert!(holds(&outcome, "the crowd was one"), "{}", outcome.told);
    assert!(holds(&outcome, "every point is accounted for"), "{}", outcome.told);
}

#[tokio::test]
async fn a_process_dies_between_debit_and_record_and_every_bet_is_there_once() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let outcome = places.run("kill --steps after-debit --rate 20").await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.told);
    assert!(outcome.told.contains("has ended; it is started again at once"), "{}", outcome.told);
}

#[tokio::test]
async fn a_pod_that_refuses_leaves_and_comes_back_and_nobody_notices() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let outcome = places.run("readiness --pods 2 --blocked 10 --seconds 18 --rate 20").await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.told);
}

#[tokio::test]
async fn a_pod_that_is_turned_off_is_restarted() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let outcome = places.run("liveness --times 1 --rate 20").await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.told);
    assert!(outcome.told.contains("failed liveness 3 times"), "{}", outcome.told);
}
