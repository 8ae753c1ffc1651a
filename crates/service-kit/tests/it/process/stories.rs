use std::fs;

use super::{Service, ask, collector::Collector};

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
    assert_eq!((&panic["event"], &panic["service"]), (&"panic".into(), &"test".into()), "{panic}");
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

#[tokio::test]
async fn a_level_for_a_while_ends_by_itself_and_both_are_logged_though_nothing_else_is() {
    let service = Service::start("service", &[("LOLJOA__RUNTIME__TELEMETRY__LOG", "off")], None);
    service.call("/loljoa.test/Look", &traceparent()).await;
    let answer = service.log_level("PUT", r#"{"filter":"debug,h2=off","forSeconds":5}"#).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""configured":"off""#), "{answer}");
    let changed = service.says("");
    let said = (&changed["event"], &changed["admin"], &changed["from"], &changed["to"]);
    assert_eq!(said, (&"log.filter_changed".into(), &"bengi".into(), &"off".into(), &"debug,h2=off".into()));
    assert!(changed["until"].is_string(), "{changed}");
    service.call("/loljoa.test/Look", &traceparent()).await;
    assert_eq!(service.says("somebody looked")["trace_id"], TRACE);

    let refused = service.log_level("PUT", r#"{"filter":"debgu"}"#).await;
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(r#""field":"filter""#), "{refused}");
    let reverted = service.says("the log filter is the configured one again");
    assert_eq!(reverted["event"], "log.filter_reverted");
    service.call("/loljoa.test/Look", &traceparent()).await;
    let (said, _) = service.stop();
    assert_eq!(said, [] as [serde_json::Value; 0], "nothing is logged again");
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

#[tokio::test]
async fn a_health_check_says_whether_the_replica_is_ready_and_why_not() {
    let service = Service::start("service", &[], None);
    service.call("/loljoa.test/Look", &traceparent()).await;
    assert!(service.is_ready().await.status.success());
    service.call("/loljoa.test/Drain", &traceparent()).await;
    let draining = service.is_ready().await;
    assert_eq!(
        String::from_utf8_lossy(&draining.stderr).lines().next(),
        Some("not ready: draining"),
        "{draining:?}"
    );
    let admin = service.admin;
    service.stop();
    let gone = ask(admin).await;
    let said = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(said.starts_with(&format!("{admin} does not answer: ")), "{said}");
}
