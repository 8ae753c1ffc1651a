use std::{
    panic::{self, PanicHookInfo},
    thread,
};

/// From now on a panic is a line of the log as any other, with the trace that it happened in.
pub(super) fn log() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    tracing::error!(
        event = "panic",
        panic.location = location,
        panic.thread = thread.name().unwrap_or_default(),
        "panicked: {}",
        panic.payload_as_str().unwrap_or("without a text")
    );
}
