//! Every setting of every service, found by walking the configurations themselves.

mod book;
mod compose;
mod secrets;
mod walk;
