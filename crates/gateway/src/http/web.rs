//! The web app's built files.

use std::{borrow::Cow, collections::HashMap, fs, io, path::Path, sync::Arc};

use aws_lc_rs::digest;
use axum::{
    Router,
    extract::{Request, State},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;

use super::{problem::Problem, security::is_api};

const INDEX: &str = "/index.html";
/// Where the build puts files whose name holds a hash of their content.
const HASHED: &str = "/assets/";
const WELCOME: &str = "<!doctype html><html lang=en><title>LOL.JOA</title><h1>LOL.JOA</h1>\
    <p>The API is here: <a href=/api/docs>/api/docs</a>. The web app is not built into this gateway.";

/// What `make build` has put into `web/dist` before this crate was compiled; empty when there was nothing.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Embedded;

/// Files by path, read once: what is not among them cannot be asked for.
struct Files(HashMap<String, File>);

struct File {
    content: Bytes,
    media_type: HeaderValue,
    tag: HeaderValue,
    cache: HeaderValue,
}

/// What is served where no route of the API is: the files below `root`, or without one those built into this binary.
///
/// # Errors
///
/// When `root` cannot be read.
pub(crate) fn routes(root: Option<&Path>) -> anyhow::Result<Router> {
    let mut files = HashMap::new();
    match root {
        Some(root) => read(root, "", &mut files)
            .map_err(|error| anyhow::anyhow!("web_root = {}: {error}", root.display()))?,
        None => unpack(&mut files)?,
    }
    Ok(Router::new().fallback(serve).with_state(Arc::new(Files(files))))
}

fn unpack(files: &mut HashMap<String, File>) -> io::Result<()> {
    for name in Embedded::iter() {
        let Some(file) = Embedded::get(&name) else { continue };
        let content = match file.data {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => content.into(),
        };
        let path = format!("/{name}");
        files.insert(path.clone(), File::new(&path, content)?);
    }
    Ok(())
}

fn read(folder: &Path, prefix: &str, files: &mut HashMap<String, File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &path, files)?;
        } else {
            let file = File::new(&path, fs::read(entry.path())?.into())?;
            files.insert(path, file);
        }
    }
    Ok(())
}

impl File {
    fn new(path: &str, content: Bytes) -> io::Result<Self> {
        let media_type = mime_guess::from_path(path).first_or_octet_stream();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &content));
        let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        Ok(Self {
            media_type: HeaderValue::try_from(media_type.as_ref()).map_err(io::Error::other)?,
            // Weak, because compression changes the bytes and not the meaning.
            tag: HeaderValue::try_from(format!("W/\"{hash}\"")).map_err(io::Error::other)?,
            cache: HeaderValue::from_static(cache),
            content,
        })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut known = known.flat_map(|line| line.split(',')).map(str::trim);
        let fresh = known.any(|tag| tag == "*" || tag.as_bytes() == self.tag.as_bytes());
        let caching = [(header::ETAG, self.tag.clone()), (header::CACHE_CONTROL, self.cache.clone())];
        if fresh {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(header::CONTENT_TYPE, self.media_type.clone())], self.content.clone()).into_response()
    }
}

/// A file, or the app for whatever path it may know itself; never a page where a program expects the API.
async fn serve(State(files): State<Arc<Files>>, request: Request) -> Response {
    let path = request.uri().path();
    if is_api(path) || (path.starts_with(HASHED) && !files.0.contains_key(path)) {
        return Problem::unknown_path().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::wrong_method(&[Method::GET, Method::HEAD]).into_response();
    }
    match files.0.get(path).or_else(|| files.0.get(INDEX)) {
        Some(file) => file.answer(request.headers()),
        None if path == "/" => Html(WELCOME).into_response(),
        None => Problem::unknown_path().into_response(),
    }
}
