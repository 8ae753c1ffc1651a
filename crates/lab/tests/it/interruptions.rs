//! Whatever ends an experiment, nothing of it stays.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{ALONE, Places, until};

const EXPERIMENT: &str = "readiness --pods 2 --blocked 60 --seconds 90 --rate 20";
const IN_THE_MIDDLE: &str = "refuses traffic";

fn send(child: &tokio::process::Child, signal: Signal) {
    kill(Pid::from_raw(child.id().unwrap().try_into().unwrap()), signal).unwrap();
}

#[tokio::test]
async fn an_experiment_that_is_interrupted_puts_everything_back_and_says_so() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (_alone, places) = (ALONE.lock().await, Places::new());
        let (child, told) = until(places.command(EXPERIMENT), IN_THE_MIDDLE).await;
        assert!(places.working() > 0 && places.left().len() == 2, "{told}");
        send(&child, signal);
        let output = child.wait_with_output().await.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("put back: the processes of the lab"), "{told}");
        assert!(told.contains("everything was put back: stopped by hand"), "{told}");
        assert_eq!((places.left(), places.working()), (Vec::new(), 0), "{told}");
    }
}

#[tokio::test]
async fn what_a_killed_experiment_left_behind_is_found_and_put_back() {
    let (_alone, places) = (ALONE.lock().await, Places::new());
    let (mut child, told) = until(places.command(EXPERIMENT), IN_THE_MIDDLE).await;
    send(&child, Signal::SIGKILL);
    child.wait().await.unwrap();
    assert_eq!(places.left().len(), 2, "a folder and a journal: {told}");

    let next = places.run("scale --pods 1").await;
    assert_eq!(next.code, Some(1), "{}", next.told);
    assert!(next.told.contains("readiness was ended before it could put everything back"), "{}", next.told);
    assert!(next.told.contains("loljoa lab restore"), "{}", next.told);

    let restored = places.run("restore").await;
    assert_eq!(restored.code, Some(0), "{}", restored.told);
    assert_eq!((places.left(), places.working()), (Vec::new(), 0), "{}", restored.told);
    let again = places.run("restore").await;
    assert!(again.told.contains("nothing was left behind"), "{}", again.told);
}
