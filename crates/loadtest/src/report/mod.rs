//! Results for people: a page with plots, and a document.

mod document;
mod figures;
mod gallery;
mod page;
mod plots;

pub use document::{command, document, is_for_document};
pub use gallery::{Plot, gallery};
pub use page::page;
