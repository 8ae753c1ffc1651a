#!/bin/sh
# Cargo, as cargo-auditable calls it with itself around rustc. Cargo mixes the path of what stands around rustc into the names of what it
# compiles, and so into the order of things within a program. By its name alone it is the same wherever it lies.
export RUSTC_WORKSPACE_WRAPPER=cargo-auditable
exec cargo "$@"
