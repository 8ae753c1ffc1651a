//! Results for people: a page with plots, and a document.

pub mod capacity;
mod document;
mod figures;
mod gallery;
mod page;
mod plots;
mod profile;

pub use document::{command, document, is_for_document};
pub use figures::{Bar, Line};
pub use gallery::{Plot, gallery};
pub use page::{STYLE, escaped, page, table};
pub use plots::{Axes, Mark, bars, lines, marked};
pub use profile::{NOTE as PROFILE_NOTE, profile_page};
