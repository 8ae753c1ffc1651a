//! How histograms tell large values from small ones.

/// Of requests, and of all else that a user waits for.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Of what takes its time.
const LONG: [f64; 12] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];
const SIZES: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];

/// The upper bounds of a metric's buckets, but for the last, which takes whatever is larger.
pub(super) fn of(name: &str) -> &'static [f64] {
    match name {
        "loljoa_settlement_seconds" => &LONG,
        _ if name.ends_with("_size") => &SIZES,
        _ => &SECONDS,
    }
}
