//! Heads that could mean two things are not guessed at.

use axum::extract::Request;
use http::{HeaderName, Version, header, uri::Authority};
use loljoa_service_kit::Error;

/// Refuses a request that names two hosts, or none, or says twice who asks.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    once(request, &header::AUTHORIZATION, "Authorization")?;
    once(request, &header::HOST, "Host")?;
    let host = request.headers().get(header::HOST);
    // HTTP/2 has it in the URI; HTTP/1.0 knew no hosts.
    let elsewhere = request.version() != Version::HTTP_11
        && (request.uri().authority().is_some() || request.version() < Version::HTTP_11);
    match host {
        None if elsewhere => Ok(()),
        None => Err(Error::invalid_field("Host", "host_missing", "must be sent")),
        Some(host) => match Authority::try_from(host.as_bytes()) {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(Error::invalid_field("Host", "host_invalid", "must be a host, with its port or without"))
            }
        },
    }
}

fn once(request: &Request, name: &HeaderName, spelt: &str) -> Result<(), Error> {
    if request.headers().get_all(name).iter().nth(1).is_some() {
        return Err(Error::invalid_field(spelt, "header_repeated", "must be sent once"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn told(version: Version, uri: &str, hosts: &[&str]) -> String {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        match check(&request.body(Body::empty()).unwrap()) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.reason,
        }
    }

    #[test]
    fn each_version_of_http_names_one_host_in_its_way() {
        assert_eq!(told(Version::HTTP_11, "/", &["example.com:8080"]), "fine");
        assert_eq!(told(Version::HTTP_11, "/", &[]), "host_missing");
        assert_eq!(told(Version::HTTP_11, "/", &["a", "a"]), "header_repeated");
        assert_eq!(told(Version::HTTP_11, "/", &["a b"]), "host_invalid");
        assert_eq!(told(Version::HTTP_10, "/", &[]), "fine");
        assert_eq!(told(Version::HTTP_2, "http://example.com/", &[]), "fine");
        assert_eq!(told(Version::HTTP_2, "/", &[]), "host_missing");
    }
}
