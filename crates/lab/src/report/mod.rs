//! What an experiment tells: a page that needs nothing but itself, and a document for people who learn from it.

mod document;
mod page;

use chrono::{DateTime, Utc};
use loljoa_loadtest::report::Plot;

use crate::{
    timeline::Event,
    verdict::{Rule, Verdict},
};

pub use document::document;
pub use page::page;

/// What is always the same about an experiment.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name, such as `readiness`.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What is done, and what there is to learn.
    pub what: &'static str,
    /// What the team of 2022 saw.
    pub then: &'static str,
    /// Why it went as it went now.
    pub why: &'static str,
    /// What Kubernetes has, and what stands for it here.
    pub stands_in: &'static [(&'static str, &'static str)],
}

/// A table: its header and its rows.
pub type Table = (Vec<String>, Vec<Vec<String>>);

/// What was found out.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Whether what was promised was kept.
    pub verdict: Verdict,
    /// The figures.
    pub table: Table,
    /// What was done when; its numbers stand in plots over time.
    pub events: Vec<Event>,
    /// The pictures.
    pub plots: Vec<Plot>,
}

/// An experiment that was made.
#[derive(Clone, Debug)]
pub struct Report {
    /// What is always the same.
    pub about: About,
    /// What its document is called, without an ending.
    pub file: String,
    /// The command that makes it again.
    pub command: String,
    /// On what it was made.
    pub target: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// Of which sources.
    pub revision: String,
    /// What was found out.
    pub findings: Findings,
}

impl Report {
    /// Where and when, in a line.
    fn place(&self) -> String {
        let Self { target, started_at, .. } = self;
        format!("Made on {} on {target}.", started_at.format("%Y-%m-%d %H:%M UTC"))
    }

    fn events(&self) -> Table {
        let header = ["", "seconds", "what"].map(str::to_owned).to_vec();
        let row = |(number, event): (u32, &Event)| {
            vec![number.to_string(), format!("{:.1}", event.at), event.what.clone()]
        };
        (header, (1..).zip(&self.findings.events).map(row).collect())
    }

    fn rules(&self) -> Table {
        let header = ["what has to hold", "what was seen", "holds"].map(str::to_owned).to_vec();
        let row = |Rule { what, seen, holds }: &Rule| {
            vec![what.clone(), seen.clone(), if *holds { "yes" } else { "no" }.to_owned()]
        };
        (header, self.findings.verdict.rules.iter().map(row).collect())
    }

    fn stands_in(&self) -> Option<Table> {
        let header = ["on Kubernetes", "here"].map(str::to_owned).to_vec();
        let row = |(there, here): &(&str, &str)| vec![(*there).to_owned(), (*here).to_owned()];
        let rows: Vec<_> = self.about.stands_in.iter().map(row).collect();
        (!rows.is_empty()).then_some((header, rows))
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::Clock;

    use super::*;

    pub(super) fn example() -> Report {
        let about = About {
            name: "example",
            title: "An example",
            what: "It is looked at.",
            then: "Nothing was seen.",
            why: "There is nothing.",
            stands_in: &[("a pod", "a process")],
        };
        let table =
            (vec![String::new(), "requests".to_owned()], vec![vec!["<all>".to_owned(), "3".to_owned()]]);
        let plot = Plot { name: "rate".into(), caption: "Rate".into(), svg: "<svg></svg>".into() };
        let findings = Findings {
            verdict: Verdict::default().rule("nothing is lost", true, "0").rule("it is quick", false, "9 s"),
            table,
            events: vec![Event { at: 1.25, what: "it began".into() }],
            plots: vec![plot],
        };
        Report {
            about,
            file: "example".into(),
            command: "loljoa lab example".into(),
            target: "one machine".into(),
            started_at: Clock::system().now(),
            revision: "abc".into(),
            findings,
        }
    }

    #[test]
    fn a_page_and_a_document_tell_the_same_and_the_page_needs_nothing_else() {
        let report = example();
        let (page, document) = (page(&report), document(&report));
        for told in
            ["loljoa lab example", "nothing is lost", "it is quick", "9 s", "it began", "Nothing was seen."]
        {
            assert!(page.contains(told), "{told} is not in {page}");
            assert!(document.text.contains(told), "{told} is not in {}", document.text);
        }
        assert!(page.contains("&lt;all&gt;") && page.contains("<svg></svg>"), "{page}");
        assert!(!page.contains("src=") && !page.contains("<script"), "{page}");
        assert_eq!(document.pictures, [("example/rate.svg".to_owned(), "<svg></svg>".to_owned())]);
        assert!(document.text.contains("](example/rate.svg)"), "{}", document.text);
    }
}
