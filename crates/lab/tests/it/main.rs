//! Experiments in short, run as a person runs them. What they measure here means nothing.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod experiments;
mod interruptions;
mod support;
