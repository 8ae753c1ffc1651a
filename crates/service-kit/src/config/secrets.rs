//! What is secret is read as text, whatever it looks like.

use figment::{
    Figment,
    providers::{Env, Serialized},
    value::Value,
};

/// How the names of keys end under which a secret may stand; a URL may hold a password.
const SECRET: [&str; 5] = ["password", "secret", "token", "key", "url"];

/// `figment` with the environment's variables over it.
pub(super) fn with_environment(figment: Figment, variables: Env) -> Figment {
    let secrets: Vec<_> = variables.iter().filter(|(key, _)| is_secret(key.as_str())).collect();
    let figment = figment.merge(variables.filter(|key| !is_secret(key.as_str())));
    secrets
        .into_iter()
        .fold(figment, |figment, (key, value)| figment.merge(Serialized::default(key.as_str(), text(value))))
}

fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
    SECRET.iter().any(|secret| name == *secret || name.ends_with(&format!("_{secret}")))
}

/// A variable's value as it is; without its quotes when it stands in quotes.
fn text(value: String) -> String {
    match value.trim().starts_with('"').then(|| value.parse()) {
        Some(Ok(Value::String(_, unquoted))) => unquoted,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for key in ["bootstrap_admin.password", "TOKENS.SEALING_KEY", "source.api_key", "database.direct_url"]
        {
            assert!(is_secret(key), "{key}");
        }
        for key in ["tokens.key_seconds", "grpc.timeout_ms", "cookies.secure", "bets.queue", "monkey"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_secret_stays_as_it_was_written() {
        for secret in ["12345678", "00012", "1e5", "true", "[1]", "{a=1}", " x ", "a\"b", ""] {
            assert_eq!(text(secret.to_owned()), secret);
        }
        assert_eq!(text("\"12 \\\"34\"".to_owned()), "12 \"34", "as quotes are read elsewhere");
    }
}
