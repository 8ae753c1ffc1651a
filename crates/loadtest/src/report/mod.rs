//! Results for people: a page with plots, and a document.

mod document;
mod figures;
mod page;
mod plots;

pub use document::document;
pub use page::page;
