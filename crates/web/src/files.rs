//! The web app's built files.

use std::{borrow::Cow, collections::HashMap, fs, io, path::Path};

use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use crate::encoding::{ENCODINGS, Encoding, accepted};

const INDEX: &str = "/index.html";
/// Where the build puts files whose name holds a hash of their content.
const HASHED: &str = "/assets/";
const WELCOME: &str = "<!doctype html><html lang=en><title>LOL.JOA</title><h1>LOL.JOA</h1>\
    <p>The API is here: <a href=/api/docs>/api/docs</a>. The web app is not built into this program.";

/// What `make build` has put into `web/dist` before this crate was compiled; empty when there was nothing.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Embedded;

/// Files by path, read once: what is not among them cannot be asked for.
pub struct Files(HashMap<String, File>);

/// What stands at a path.
pub enum Found<'a> {
    /// A file of the web app, or the app itself.
    File(&'a File),
    /// The first page of a program without the web app.
    Welcome,
}

/// One file, in every encoding that it was built in.
pub struct File {
    content: Bytes,
    packed: Vec<(Encoding, Bytes)>,
    media_type: HeaderValue,
    tag: HeaderValue,
    cache: HeaderValue,
}

impl Files {
    /// The files below `root`, or without one those built into this program. A file whose name is another's with `.br` or `.gz`
    /// is that other file, packed. Names that begin with a dot are passed over: they are for tools, as Git's and those in which
    /// Kubernetes keeps the versions of a `ConfigMap`.
    ///
    /// # Errors
    ///
    /// When `root` cannot be read.
    pub fn read(root: Option<&Path>) -> anyhow::Result<Self> {
        let mut contents = HashMap::new();
        match root {
            Some(root) => read(root, "", &mut contents)
                .map_err(|error| anyhow::anyhow!("web_root = {}: {error}", root.display()))?,
            None => unpack(&mut contents),
        }
        let is_packed = |path: &str| {
            let mut stems = ENCODINGS.iter().filter_map(|encoding| path.strip_suffix(encoding.ending()));
            stems.any(|stem| contents.contains_key(stem))
        };
        let paths = contents.keys().filter(|path| !is_packed(path));
        Ok(Self(
            paths.map(|path| Ok((path.clone(), File::new(path, &contents)?))).collect::<io::Result<_>>()?,
        ))
    }

    /// What answers a GET of `path`: a file, or the app for whatever path it may know itself. None where there is neither, and
    /// where programs expect the API: they would take a page for its answer.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Found<'_>> {
        if is_api(path) {
            return None;
        }
        let file = self.0.get(path);
        if file.is_none() && path.starts_with(HASHED) {
            return None;
        }
        match file.or_else(|| self.0.get(INDEX)) {
            Some(file) => Some(Found::File(file)),
            None => (path == "/").then_some(Found::Welcome),
        }
    }
}

/// Whether `path` is the API's, so that no page stands under it.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path.starts_with("/.well-known/")
}

impl Found<'_> {
    /// The answer to a GET with these `headers`.
    #[must_use]
    pub fn answer(self, headers: &HeaderMap) -> Response {
        match self {
            Self::File(file) => file.answer(headers),
            Self::Welcome => Html(WELCOME).into_response(),
        }
    }
}

fn unpack(contents: &mut HashMap<String, Bytes>) {
    for name in Embedded::iter() {
        let Some(file) = Embedded::get(&name) else { continue };
        let content = match file.data {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => content.into(),
        };
        contents.insert(format!("/{name}"), content);
    }
}

fn read(folder: &Path, prefix: &str, contents: &mut HashMap<String, Bytes>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}/{name}");
        if fs::metadata(entry.path())?.is_dir() {
            read(&entry.path(), &path, contents)?;
        } else {
            contents.insert(path, fs::read(entry.path())?.into());
        }
    }
    Ok(())
}

impl File {
    /// The file at `path` of `contents`.
    fn new(path: &str, contents: &HashMap<String, Bytes>) -> io::Result<Self> {
        let content = contents[path].clone();
        let packed = ENCODINGS.into_iter().filter_map(|encoding| {
            let packed = contents.get(&format!("{path}{}", encoding.ending()))?;
            Some((encoding, packed.clone()))
        });
        let media_type = mime_guess::from_path(path).first_or_octet_stream();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &content));
        let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        Ok(Self {
            packed: packed.collect(),
            media_type: HeaderValue::try_from(media_type.as_ref()).map_err(io::Error::other)?,
            // Weak, because compression changes the bytes and not the meaning.
            tag: HeaderValue::try_from(format!("W/\"{hash}\"")).map_err(io::Error::other)?,
            cache: HeaderValue::from_static(cache),
            content,
        })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let caching = [
            (header::ETAG, self.tag.clone()),
            (header::CACHE_CONTROL, self.cache.clone()),
            // Also of a file that was not built packed: a layer further out may pack it.
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        if self.is_known(headers) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        let media_type = [(header::CONTENT_TYPE, self.media_type.clone())];
        match self.packed.iter().find(|(encoding, _)| accepted(headers, encoding.name())) {
            Some((encoding, packed)) => {
                let encoded = [(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()))];
                (caching, media_type, encoded, packed.clone()).into_response()
            }
            None => (caching, media_type, self.content.clone()).into_response(),
        }
    }

    /// Whether who asks has the file as it is. A proxy on the way may have taken the mark of a weak tag away.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let weak = |tag: &str| format!("W/{}", tag.strip_prefix("W/").unwrap_or(tag));
        let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || weak(tag).as_bytes() == self.tag.as_bytes())
    }
}
