use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use loljoa_test_tokens::Signer;
use url::Url;

use super::written::Written;
use crate::support::{ADMIN_PASSWORD, App, Reply, SEALING_KEY};

/// What no log may have, with what each is.
pub(super) struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    /// Those that the services are told, and the key that tokens are signed with.
    pub(super) async fn of(app: &App) -> Self {
        let mut secrets = Self(Vec::new());
        secrets.add("the admin's password", ADMIN_PASSWORD);
        secrets.add("the sealing key", SEALING_KEY);
        for url in app.db.urls() {
            let parsed: Url = url.parse().unwrap();
            secrets.add("a database's password", parsed.password().unwrap());
            secrets.add("a database's URL", &url);
        }
        let keys: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT kid, sealed_private FROM signing_keys")
            .fetch_all(&app.db.account)
            .await
            .unwrap();
        assert!(!keys.is_empty());
        for (kid, sealed) in keys {
            let signer = Signer::unsealed(&kid, &sealed, SEALING_KEY);
            secrets.0.push(("a signing key", signer.private().to_vec()));
            secrets.0.push(("a sealed signing key", sealed));
        }
        secrets
    }

    pub(super) fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 8, "{what} is so short that it could be anything: {secret}");
        self.0.push((what, secret.as_bytes().to_vec()));
        // A part of a token may be all that it is worth: what signs, or the half of a refresh token that only its owner knows.
        if what.ends_with("token") {
            let last = secret.rsplit('.').next().unwrap();
            self.0.push((what, last.as_bytes().to_vec()));
        }
    }

    /// The hashes of passwords, by which they could be guessed, and those of refresh tokens.
    pub(super) async fn add_hashes(&mut self, app: &App) {
        let hashes: Vec<String> =
            sqlx::query_scalar("SELECT password_hash FROM users").fetch_all(&app.db.account).await.unwrap();
        assert!(hashes.len() >= 2);
        for hash in hashes {
            self.add("the hash of a password", hash.rsplit('$').next().unwrap());
        }
    }

    /// Looks for each, in each form that a log could have it in.
    pub(super) fn look_for_them(&self, written: &Written) {
        for (service, log) in written.all() {
            assert!(!log.is_empty(), "{service} has said nothing");
            let found = self.found(&log);
            assert_eq!(found, None, "{service} tells it");
        }
    }

    /// The first that stands in `log`: what it is, and its line.
    fn found(&self, log: &str) -> Option<(&'static str, String)> {
        let forms =
            self.0.iter().flat_map(|(what, secret)| forms(secret).into_iter().map(move |form| (what, form)));
        let mut found = forms.filter_map(|(what, form)| Some((*what, log.find(&form)?)));
        found.next().map(|(what, at)| {
            let start = log[..at].rfind('\n').map_or(0, |end| end + 1);
            (what, log[start..].lines().next().unwrap_or_default().chars().take(2_000).collect())
        })
    }
}

/// As text, in base64, in hexadecimal digits, and as the list of bytes that `Debug` makes. Of keys the middle is enough.
fn forms(secret: &[u8]) -> Vec<String> {
    let middle = if secret.len() > 48 { &secret[secret.len() / 2 / 3 * 3..][..24] } else { secret };
    let list = format!("{middle:?}");
    let mut forms = vec![
        BASE64_STANDARD_NO_PAD.encode(middle),
        hex::encode(middle),
        list.trim_matches(['[', ']']).to_owned(),
    ];
    if let Ok(text) = str::from_utf8(secret) {
        forms.push(text.to_owned());
    }
    forms
}

/// The refresh token that an answer brings.
pub(super) fn refresh_token(reply: &Reply) -> String {
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    let value = cookie.strip_prefix("loljoa_refresh=").unwrap();
    value.split(';').next().unwrap().to_owned()
}

#[test]
fn a_secret_is_found_in_whatever_form_and_as_a_part_of_what_is_there() {
    let mut secrets = Secrets(Vec::new());
    secrets.add("an access token", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg");
    secrets.add("a password", "hide on bush");
    secrets.0.push(("a signing key", (100..=237).collect()));
    let key: Vec<u8> = (100..=237).collect();
    let lines = [
        ("an access token", "Bearer …c2lnbmF0dXJlLW9mLXRoZS10b2tlbg".to_owned()),
        ("a password", r#"{"body":"{\"password\":\"hide on bush\"}"}"#.to_owned()),
        ("a password", BASE64_STANDARD_NO_PAD.encode("hide on bush")),
        ("a password", format!("{:?}", b"hide on bush".as_slice())),
        ("a signing key", BASE64_STANDARD_NO_PAD.encode(&key)),
        ("a signing key", format!("Key {{ der: {key:?} }}")),
        ("a signing key", hex::encode(&key)),
    ];
    for (what, line) in lines {
        let log = format!("before\n{line}\nafter");
        assert_eq!(secrets.found(&log), Some((what, line)));
    }
    assert_eq!(secrets.found("nothing of hide or bush"), None);
}
