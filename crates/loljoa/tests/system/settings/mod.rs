//! Every setting of every service, found by walking the configurations themselves.

mod book;
mod secrets;
mod walk;
