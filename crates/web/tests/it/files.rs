//! What is answered, and what browsers are told of it.

use std::{fs, os::unix::fs::symlink};

use reqwest::{Method, StatusCode, header as name};

use crate::harness::{Web, header};

const SCRIPT: &str = "/assets/app-1a2b.js";

#[tokio::test]
async fn the_app_answers_its_own_deep_links_and_files_that_are_gone_are_not_the_app() {
    let web = Web::start().await;
    for path in ["/", "/matches/42", "/leaderboard?tier=gold"] {
        let page = web.get(path).await;
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert!(page.text().await.unwrap().contains("app"), "{path}");
    }
    // Where a program expects the API, a page would only be misunderstood.
    for path in
        ["/assets/gone.js", "/assets/..%2f..%2fetc%2fpasswd", "/api", "/api/x", "/.well-known/jwks.json"]
    {
        let gone = web.get(path).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&gone, "cache-control"), "no-store", "{path}: the next roll-out may have it");
    }
    let posted = web.request(Method::POST, "/").body("x").send().await.unwrap();
    assert_eq!((posted.status(), header(&posted, "allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
    let head = web.request(Method::HEAD, SCRIPT).send().await.unwrap();
    assert_eq!((head.status(), header(&head, "content-length")), (StatusCode::OK, "5"));
}

#[tokio::test]
async fn hashed_files_stay_in_caches_and_known_ones_are_not_sent_again() {
    let web = Web::start().await;
    let script = web.get(SCRIPT).await;
    assert_eq!(header(&script, "cache-control"), "public, max-age=31536000, immutable");
    assert!(header(&script, "content-type").contains("javascript"));
    let tag = header(&script, "etag").to_owned();
    let strong = tag.strip_prefix("W/").unwrap();
    for known in [&tag, strong, "*", &format!("\"other\", {tag}")] {
        let again = web.request(Method::GET, SCRIPT).header(name::IF_NONE_MATCH, known).send().await.unwrap();
        let told = ["etag", "vary", "cache-control"].map(|name| header(&again, name).to_owned());
        assert_eq!(told, [&tag, "accept-encoding", "public, max-age=31536000, immutable"], "{known}");
        assert_eq!((again.status(), again.text().await.unwrap().as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    let other = web.request(Method::GET, SCRIPT).header(name::IF_NONE_MATCH, "\"other\"").send().await;
    assert_eq!(other.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn files_for_tools_are_not_served_and_links_are_followed() {
    // As Kubernetes mounts a ConfigMap.
    let web = Web::start_with(|_, root| {
        fs::create_dir_all(root.join("..2026/images")).unwrap();
        fs::write(root.join("..2026/images/logo.svg"), "<svg/>").unwrap();
        fs::write(root.join(".env"), "secret").unwrap();
        symlink("..2026", root.join("..data")).unwrap();
        symlink("..data/images", root.join("images")).unwrap();
    })
    .await;
    assert_eq!(web.get("/images/logo.svg").await.text().await.unwrap(), "<svg/>");
    for path in ["/.env", "/..2026/images/logo.svg"] {
        // As any other path of the app's own.
        assert!(web.get(path).await.text().await.unwrap().contains("app"), "{path}");
    }
}

#[tokio::test]
async fn a_program_carries_an_app_or_says_where_the_documentation_is() {
    let web = Web::start_with(|config, _| config.web_root = None).await;
    let page = web.get("/").await;
    assert!(header(&page, "content-type").starts_with("text/html"));
    let built = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist/index.html"));
    assert!(page.text().await.unwrap().contains(built.as_deref().unwrap_or("/api/docs")));
}

#[tokio::test]
async fn a_file_that_was_built_packed_is_sent_as_it_was_built() {
    let web = Web::start_with(|_, root| {
        fs::write(root.join("assets/app-1a2b.js.br"), "as built, in br").unwrap();
        fs::write(root.join("assets/app-1a2b.js.gz"), "as built, in gzip").unwrap();
    })
    .await;
    let get = async |accepts: &str| {
        let request = web.request(Method::GET, SCRIPT).header(name::ACCEPT_ENCODING, accepts);
        let answer = request.send().await.unwrap();
        let head = ["content-encoding", "vary", "content-type"].map(|name| header(&answer, name).to_owned());
        (head, answer.text().await.unwrap())
    };
    let whole = |encoding: &str| [encoding, "accept-encoding", "text/javascript"].map(str::to_owned);
    assert_eq!(get("gzip, br").await, (whole("br"), "as built, in br".to_owned()));
    assert_eq!(get("gzip, br;q=0").await, (whole("gzip"), "as built, in gzip".to_owned()));
    assert_eq!(get("identity").await, (whole(""), "run()".to_owned()));
    assert_eq!(web.get("/assets/app-1a2b.js.br").await.status(), StatusCode::NOT_FOUND, "no file of its own");
}

#[tokio::test]
async fn what_was_not_built_packed_is_packed_for_who_can_read_that() {
    let web = Web::start().await;
    for encoding in ["br", "gzip"] {
        let page = web.request(Method::GET, "/").header(name::ACCEPT_ENCODING, encoding);
        assert_eq!(header(&page.send().await.unwrap(), "content-encoding"), encoding);
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_what_it_may_do() {
    let web = Web::start_with(|config, _| config.http.hsts_seconds = 60).await;
    for path in ["/", SCRIPT, "/assets/gone.js"] {
        let answer = web.get(path).await;
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&answer, "strict-transport-security"), "max-age=60");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(&answer, "content-security-policy"), loljoa_web::headers::PAGE_POLICY);
    }
    let without = Web::start().await.get("/").await;
    assert_eq!(header(&without, "strict-transport-security"), "");
}

#[tokio::test]
async fn without_the_app_the_first_page_points_to_the_documentation() {
    let web = Web::start_with(|_, root| fs::remove_file(root.join("index.html")).unwrap()).await;
    assert!(web.get("/").await.text().await.unwrap().contains("/api/docs"));
    assert_eq!(web.get("/matches/42").await.status(), StatusCode::NOT_FOUND);
    assert!(web.root().join("assets").is_dir(), "the other files are there");
}
