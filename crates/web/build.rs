//! Compiles this crate again when the web app that it carries was built again.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
