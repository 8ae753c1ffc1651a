//! Every call of a gRPC service, as whoever holds a token or none.

use http::{HeaderValue, header};
use loljoa_proto::DESCRIPTORS;
use loljoa_service_kit::{Error, ErrorCode, grpc::Channel};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Status, body::Body};
use tower::Service;

/// A message without any field, as it is framed.
const EMPTY: [u8; 5] = [0; 5];

/// The paths of all calls of `service`, such as `loljoa.betting.v1.MarketAdminService`, as the contracts have them.
///
/// # Panics
///
/// When there is no such service.
#[must_use]
pub fn calls_of(service: &str) -> Vec<String> {
    let (package, name) = service.rsplit_once('.').unwrap();
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file;
    let of_package = files.into_iter().filter(|file| file.package() == package);
    let found = of_package.flat_map(|file| file.service).find(|found| found.name() == name).unwrap();
    found.method.iter().map(|method| format!("/{service}/{}", method.name())).collect()
}

/// The paths of all calls of all our contracts.
///
/// # Panics
///
/// Never: what is compiled in can be read.
#[must_use]
pub fn calls() -> Vec<String> {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file.into_iter();
    let services = files.filter(|file| file.package().starts_with("loljoa.")).flat_map(|file| {
        let package = file.package().to_owned();
        file.service.into_iter().map(move |service| format!("{package}.{}", service.name()))
    });
    services.flat_map(|service| calls_of(&service)).collect()
}

/// Calls `path` with an empty message, and gives the code and the reason of the refusal, if the call was refused.
///
/// # Panics
///
/// When nobody answers.
pub async fn refusal(channel: &Channel, path: &str, token: Option<&str>) -> Option<(ErrorCode, String)> {
    let mut request = http::Request::post(format!("http://test{path}")).body(empty()).unwrap();
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    if let Some(token) = token {
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    let answer = channel.clone().call(request).await.unwrap();
    // A call that failed says so in the head of its answer.
    let status = Status::from_header_map(answer.headers())?;
    let error = Error::from(status);
    Some((error.code, error.reason))
}

fn empty() -> Body {
    Body::new(http_body_util::Full::new(bytes::Bytes::from_static(&EMPTY)))
}
