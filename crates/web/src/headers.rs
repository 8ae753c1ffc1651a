//! Headers that tell browsers what our answers may do.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The web app: everything from its own origin, nothing inline.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// How long browsers shall come by TLS alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hsts {
    /// For so many seconds; 0 says nothing of it.
    pub seconds: u32,
    /// Whether every subdomain is bound, too.
    pub include_subdomains: bool,
}

/// Adds what every answer has, with the policy of what it is.
pub fn add(headers: &mut HeaderMap, policy: &'static str, hsts: Hsts) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if hsts.seconds == 0 {
        return;
    }
    let subdomains = if hsts.include_subdomains { "; includeSubDomains" } else { "" };
    if let Ok(value) = HeaderValue::try_from(format!("max-age={}{subdomains}", hsts.seconds)) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
