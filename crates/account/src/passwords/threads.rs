//! Threads of their own for what takes a core and can wait.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// How much these threads stand back when all cores are busy: beside a thread of no such niceness, which bets run on,
/// one of them gets a quarter of the core.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads that take one job after the other. They end with the last handle. Cheap to clone.
///
/// The queue is not bounded here: who may give a job has been admitted before.
#[derive(Clone, Debug)]
pub(super) struct Threads(Sender<Job>);

impl Threads {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// When the system has none left.
    pub(super) fn start(number: usize) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..number {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name("passwords".into()).spawn(move || work(&queue))?;
        }
        Ok(Self(jobs))
    }

    /// Has a job done as soon as a thread is free.
    pub(super) fn give(&self, job: impl FnOnce() + Send + 'static) {
        // While a handle lives, so do the threads.
        let _ = self.0.send(Box::new(job));
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    stand_back();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Whoever waits for it learns of a panic because no answer comes.
        let _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

/// Niceness is a thread's own on Linux, and elsewhere the whole process's. One that is higher already stays.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::getpriority_process(None)
        .and_then(|own| rustix::process::setpriority_process(None, NICENESS.max(own)))
    {
        tracing::warn!(
            event = "passwords.priority",
            %error, "password hashing has the same priority as all else"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_job_that_panics_takes_no_thread_with_it() {
        let threads = Threads::start(1).unwrap();
        let (told, heard) = mpsc::channel();
        threads.give(|| panic!("no such hash"));
        threads.give(move || told.send(7).unwrap());
        assert_eq!(heard.recv_timeout(PATIENCE), Ok(7));
    }

    #[test]
    fn the_threads_end_with_the_last_handle() {
        let threads = Threads::start(2).unwrap();
        let (told, heard) = mpsc::channel::<()>();
        threads.give(move || drop(told));
        assert_eq!(heard.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
        let other = threads.clone();
        drop(threads);
        let (told, heard) = mpsc::channel();
        other.give(move || told.send(()).unwrap());
        assert!(heard.recv_timeout(PATIENCE).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn they_stand_back_and_nobody_else_does() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let (told, heard) = mpsc::channel();
        Threads::start(1).unwrap().give(move || told.send(niceness()).unwrap());
        assert_eq!(heard.recv_timeout(PATIENCE), Ok(NICENESS.max(before)));
        assert_eq!(niceness(), before);
    }
}
