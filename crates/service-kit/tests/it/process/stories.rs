use std::fs;

use super::{Service, collector::Collector};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traceparent() -> String {
    format!("00-{TRACE}-00f067aa0ba902b7-01")
}

// The collectors have to answer while these wait for their processes.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_logged_is_traced_all_the_same() {
    let (collector, url) = Collector::listen().await;
    let environment = [
        ("LOLJOA__RUNTIME__TELEMETRY__LOG", "off"),
        ("LOLJOA__RUNTIME__TELEMETRY__OTLP_ENDPOINT", &url),
        ("LOLJOA__RUNTIME__TELEMETRY__SERVICE_NAME", "another-name"),
    ];
    let service = Service::start("service", &environment, None);
    service.call("/loljoa.test/Look", &traceparent()).await;
    let (said, status) = service.stop();
    assert!(status.success() && said.is_empty(), "{said:?}");
    let looked = collector.span("_OTHER");
    assert_eq!(looked.attribute("rpc.method_original"), "/loljoa.test/Look");
    assert_eq!((looked.service.as_str(), hex(&looked.span.trace_id).as_str()), ("another-name", TRACE));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_call_ended_is_on_its_span() {
    let (collector, url) = Collector::listen().await;
    let environment = [("LOLJOA__RUNTIME__TELEMETRY__OTLP_ENDPOINT", url.as_str())];
    let service = Service::start("service", &environment, None);
    assert_eq!(service.call("/loljoa.test/Look", &traceparent()).await, 5);
    assert_eq!(service.call("/loljoa.test/Fail", &traceparent()).await, 14);
    service.stop();

    let looked = collector.span_of("/loljoa.test/Look");
    assert_eq!(looked.attribute("rpc.response.status_code"), "NOT_FOUND");
    assert_eq!(looked.span.status.clone().unwrap_or_default().code, 0, "it was no fault of the server");
    let failed = collector.span_of("/loljoa.test/Fail");
    assert_eq!(failed.attribute("rpc.response.status_code"), "UNAVAILABLE");
    assert_eq!(failed.attribute("error.type"), "UNAVAILABLE");
    let status = failed.span.status.clone().unwrap_or_default();
    assert_eq!((status.code, status.message.as_str()), (2, "come again"), "{failed:#?}");
}

#[tokio::test]
async fn a_panic_is_a_line_of_the_log_with_its_place_and_its_trace() {
    let service = Service::start("service", &[], None);
    // The answer ends in the middle, which is no answer: the caller does not know what became of its call.
    assert_eq!(service.call("/loljoa.test/Panic", &traceparent()).await, 14);
    let panic = service.says("panicked: all is lost");
    assert_eq!((&panic["trace_id"], &panic["level"]), (&TRACE.into(), &"ERROR".into()), "{panic}");
    assert!(panic["panic.location"].as_str().unwrap().contains("process/child.rs:"), "{panic}");
}

#[tokio::test]
async fn the_log_filter_follows_its_file_and_stays_where_the_file_makes_no_sense() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |log: &str| fs::write(file.path(), format!("[runtime.telemetry]\nlog = '{log}'")).unwrap();
    write("error");
    let service = Service::start("service", &[], Some(file.path()));
    service.call("/loljoa.test/Look", &traceparent()).await;

    write("debug");
    service.signal("-HUP");
    let first = service.says("");
    assert_eq!(first["message"], "the log filter was changed", "nothing was logged before: {first}");
    service.call("/loljoa.test/Look", &traceparent()).await;
    let looked = service.says("somebody looked");
    assert_eq!(looked["trace_id"], TRACE, "{looked}");

    write("=,=");
    service.signal("-HUP");
    service.says("the log filter stays as it is");
    service.call("/loljoa.test/Look", &traceparent()).await;
    service.says("somebody looked");
}

#[test]
fn a_process_that_does_not_stop_in_its_time_ends_and_says_what_was_left() {
    let environment =
        [("LOLJOA__RUNTIME__DRAIN__GRACE_MS", "1"), ("LOLJOA__RUNTIME__DRAIN__BUDGET_MS", "6001")];
    let service = Service::start("stuck", &environment, None);
    // It says so when it serves.
    while std::net::TcpStream::connect(service.grpc).is_err() {
        std::thread::yield_now();
    }
    let (said, status) = service.stop();
    assert_eq!(status.code(), Some(1));
    let last = said.last().unwrap();
    assert_eq!(last["message"], "the time to stop is over; the process ends with this left", "{last}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
