# How the programs of images are compiled: sourced where dependencies are compiled and where code is, lest the one be
# compiled for nothing. Paths of this machine are mapped away, so that the same commit gives the same bytes anywhere.
export CARGO_INCREMENTAL=0 SQLX_OFFLINE=true
RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export RUSTFLAGS
# What is written in C knows its sources' paths and the time, too.
CFLAGS="-ffile-prefix-map=$PWD=/src -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export CFLAGS CXXFLAGS=$CFLAGS
