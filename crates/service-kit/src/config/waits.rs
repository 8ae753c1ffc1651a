//! Waits inside of waits.
//!
//! Whoever waits further inside has to give up first, so that whoever waits outside hears what happened. What is left of a
//! caller's time sees to that from hop to hop ([`Caller::inner_until`](crate::Caller::inner_until)); a configuration that says
//! otherwise is not wrong, but means less than it says.

/// A key and what it says, in milliseconds.
type Wait<'a> = (&'a str, u64);

/// Warns of waits that are not shorter than the one that they are a part of.
pub fn warn_of_waits(outer: Wait<'_>, inner: &[Wait<'_>]) {
    for warning in not_below(outer, inner) {
        tracing::warn!(event = "config.waits", "{warning}");
    }
}

fn not_below((outer, most): Wait<'_>, inner: &[Wait<'_>]) -> Vec<String> {
    let too_long = inner.iter().filter(|(_, wait)| *wait >= most);
    let warning = |(key, wait): &Wait<'_>| {
        format!("{key} = {wait}: is cut off by {outer} = {most}, and should be below it")
    };
    too_long.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_cut_off_by_the_one_around_it_is_named() {
        let inner = [("account.timeout_ms", 10_000), ("database.lock_timeout_ms", 4_000)];
        let told =
            ["account.timeout_ms = 10000: is cut off by grpc.timeout_ms = 10000, and should be below it"];
        assert_eq!(not_below(("grpc.timeout_ms", 10_000), &inner), told);
    }
}
