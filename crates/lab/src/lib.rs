//! The experiments of 2022 as commands: each breaks something on purpose, watches what clients see, decides by rules, and puts
//! everything back.
//!
//! `experiments` has one file for each: its options, what is done, its rules and its words. What they share: [`system`] starts
//! the system in a folder of its own, [`cluster`] names one that runs on Kubernetes, and [`kubernetes`] looks at its pods; [`clients`] ask at a steady rate and tell each request ([`seen`] sums up), [`counters`] what each
//! replica decided; [`kubelet`] does for processes what Kubernetes does for pods; [`timeline`] has what was done when, [`verdict`] the
//! rules, [`report`] a page and a document. Whatever is changed is noted by [`undo`] before, and put back after the end, an error, a panic or a
//! signal. Heavy loads are those of the load lab, `loljoa-loadtest`.
//!
//! `loljoa lab` runs this program, which is built beside it and in no image (ADR 0048).

pub mod cli;
pub mod clients;
pub mod cluster;
pub mod counters;
pub mod experiments;
pub mod folder;
pub mod forward;
pub mod kubelet;
pub mod kubernetes;
pub mod pods;
pub mod report;
pub mod seen;
pub mod serve;
pub mod system;
pub mod timeline;
pub mod undo;
pub mod verdict;
