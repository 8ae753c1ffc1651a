# How the programs of images are compiled: sourced where dependencies are compiled and where code is, lest the one be
# compiled for nothing. Paths of this machine are mapped away, so that the same commit gives the same bytes anywhere.
export CARGO_INCREMENTAL=0 SQLX_OFFLINE=true
# Relocations are packed (RELR, which glibc has known since 2.36): half a megabyte less of each program.
RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo -C link-arg=-Wl,-z,pack-relative-relocs"
export RUSTFLAGS
# Builds of Swagger UI that the page of the API's documentation does not load are empty: two megabytes less of the gateway.
export SWAGGER_UI_OVERWRITE_FOLDER=$PWD/deploy/images/swagger-ui
# What is written in C knows its sources' paths and the time, too.
CFLAGS="-ffile-prefix-map=$PWD=/src -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export CFLAGS CXXFLAGS=$CFLAGS
# Files that are put into programs have no time of their own: dependencies are compiled once for many commits.
export SOURCE_DATE_EPOCH=0
