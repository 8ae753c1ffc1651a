//! What traces tell: one bet whole, from the HTTP request to the ledger's SQL; what happens when nobody takes the spans; and, where
//! there is a real collector, which traces it keeps.

mod bet;
mod collector;
mod home;
mod tail;
mod trouble;

/// The trace that a story's request comes in.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The head of a request in a trace that is kept.
fn traceparent(trace: &str) -> String {
    format!("00-{trace}-{CALLER}-01")
}
