//! Which workload calls, as the mesh says. For the log alone: whoever reaches the port can write the header.

use http::HeaderMap;

const HEADER: &str = "x-forwarded-client-cert";
/// What of a name is kept.
const MAX_LENGTH: usize = 200;

/// The SPIFFE id of the workload at the other end, where a proxy of the mesh sets it. Each proxy appends what it has seen, so
/// the last one speaks of whoever called us.
pub(crate) fn of(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get_all(HEADER).iter().next_back()?.to_str().ok()?;
    let seen_last = split(text, ',').last()?;
    let uri = split(seen_last, ';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case("uri").then_some(value.trim().trim_matches('"'))
    })?;
    let is_plain = uri.starts_with("spiffe://") && uri.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| &uri[..uri.len().min(MAX_LENGTH)])
}

/// Splits at `separator` outside of quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        of(&headers).map(str::to_owned)
    }

    #[test]
    fn the_last_proxy_says_who_calls() {
        let betting = "spiffe://cluster.local/ns/loljoa/sa/loljoa-betting";
        let before = "By=spiffe://a/b;Hash=0a;URI=spiffe://cluster.local/ns/x/sa/y";
        assert_eq!(
            caller(&[&format!("By=spiffe://a/b;Hash=0a;Subject=\"\";URI={betting}")]).unwrap(),
            betting
        );
        assert_eq!(caller(&[&format!("{before},Hash=0b;URI={betting};DNS=x")]).unwrap(), betting);
        assert_eq!(caller(&[before, &format!("uri={betting}")]).unwrap(), betting);
        let tricky = format!("Subject=\"O=x,URI=spiffe://evil;URI=spiffe://evil\";URI={betting}");
        assert_eq!(caller(&[&tricky]).unwrap(), betting);
    }

    #[test]
    fn what_is_no_name_is_none_and_a_long_one_is_cut() {
        assert_eq!(caller(&[]), None);
        for odd in ["", "URI", "URI=", "URI=https://x", "Hash=0a;DNS=betting", "URI=\"spiffe://a b\""] {
            assert_eq!(caller(&[odd]), None, "{odd}");
        }
        let long = format!("URI=spiffe://{}", "x".repeat(5_000));
        assert_eq!(caller(&[&long]).unwrap().len(), MAX_LENGTH);
    }
}
