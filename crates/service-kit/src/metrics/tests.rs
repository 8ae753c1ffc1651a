use std::{env, process::Command, sync::Arc};

use metrics::{counter, gauge, histogram, with_local_recorder};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};

use super::Recorder;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Does `work` within a trace that is kept, or is not.
fn within<T>(flags: TraceFlags, work: impl FnOnce() -> T) -> T {
    let (trace, span) = (TraceId::from_hex(TRACE).unwrap(), SpanId::from_hex("00f067aa0ba902b7").unwrap());
    let span = SpanContext::new(trace, span, flags, false, TraceState::NONE);
    let _here = Context::new().with_remote_span_context(span).attach();
    work()
}

fn recorded(work: impl FnOnce()) -> Arc<Recorder> {
    let recorder = Recorder::new();
    with_local_recorder(&recorder, work);
    recorder
}

#[test]
fn who_understands_open_metrics_is_led_from_a_bucket_to_a_trace() {
    let recorder = recorded(|| {
        metrics::describe_histogram!("loljoa_wait_seconds", "How long.");
        let waits = || histogram!("loljoa_wait_seconds", "service" => "test");
        waits().record(0.0004);
        within(TraceFlags::SAMPLED, || waits().record(0.2));
        within(TraceFlags::NOT_SAMPLED, || waits().record(0.7));
        waits().record(60.0);
    });
    let told = recorder.open_metrics();
    let (head, buckets) = told.split_once("loljoa_wait_seconds_sum").unwrap();
    assert_eq!(
        head,
        "# HELP loljoa_wait_seconds How long.\n# TYPE loljoa_wait_seconds histogram\n# UNIT loljoa_wait_seconds seconds\n"
    );
    let traced: Vec<_> = buckets.lines().filter(|line| line.contains(" # ")).collect();
    let [bucket] = &traced[..] else { panic!("one bucket has an exemplar: {told}") };
    let exemplar = format!(
        "loljoa_wait_seconds_bucket{{le=\"0.25\",loljoa_service=\"test\"}} 2 # {{trace_id=\"{TRACE}\"}} 0.2 "
    );
    assert!(bucket.starts_with(&exemplar), "{bucket}");
    assert!(told.ends_with("loljoa_service=\"test\"} 4\n# EOF\n"), "{told}");
}

#[test]
fn everybody_else_gets_the_text_that_they_always_got() {
    let recorder = recorded(|| {
        metrics::describe_counter!("loljoa_bets_total", "Bets.");
        counter!("loljoa_bets_total", "service" => "test", "result" => "placed").increment(3);
        gauge!("loljoa_depth").set(1.5);
        within(TraceFlags::SAMPLED, || histogram!("loljoa_batch_size").record(7.0));
    });
    let told = recorder.text();
    assert!(told.starts_with(
        "# HELP loljoa_bets_total Bets.\n# TYPE loljoa_bets_total counter\n\
         loljoa_bets_total{loljoa_service=\"test\",result=\"placed\"} 3\n"
    ));
    assert!(told.contains("\nloljoa_depth 1.5\n"), "{told}");
    assert!(told.contains("\nloljoa_batch_size_bucket{le=\"10\"} 1\n"), "{told}");
    assert!(!told.contains("trace_id") && !told.contains("EOF") && !told.contains("UNIT"), "{told}");
}

#[test]
fn the_process_is_told_by_the_names_that_others_use() {
    let told = Recorder::of_process().open_metrics();
    assert!(told.contains("# TYPE loljoa_build info\n"), "{told}");
    assert!(
        told.contains(&format!("loljoa_build_info{{version=\"{}\",", env!("CARGO_PKG_VERSION"))),
        "{told}"
    );
    assert!(
        told.contains("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n"),
        "{told}"
    );
    let began = value(&told, "process_start_time_seconds");
    let now = u32::try_from(crate::Clock::system().now().timestamp()).unwrap();
    let age = f64::from(now) - began;
    assert!((-2.0..86_400.0).contains(&age), "it began {age} s ago");
    assert!(value(&told, "process_resident_memory_bytes") > 1_000_000.0);
    assert!(value(&told, "process_open_fds") <= value(&told, "process_max_fds"));
}

fn value(told: &str, name: &str) -> f64 {
    let mut lines = told.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.next().unwrap_or_else(|| panic!("{name} is not told:\n{told}")).parse().unwrap()
}

/// Nobody has to come for what is recorded: it takes the same room, however much that is.
#[test]
fn memory_does_not_grow_while_nobody_asks() {
    const VALUES: u32 = 4_000_000;
    const ALONE: &str = "LOLJOA_TEST_ALONE";
    // Other tests of this process take memory as well.
    if env::var_os(ALONE).is_none() {
        let own = "metrics::tests::memory_does_not_grow_while_nobody_asks";
        let mut alone = Command::new(env::current_exe().unwrap());
        assert!(alone.args([own, "--exact"]).env(ALONE, "1").status().unwrap().success());
        return;
    }
    let recorder = Recorder::of_process();
    let resident = || value(&recorder.text(), "process_resident_memory_bytes");
    let waits = with_local_recorder(&recorder, || histogram!("loljoa_wait_seconds"));
    within(TraceFlags::SAMPLED, || (0..1_000).for_each(|n| waits.record(n % 7)));
    let before = resident();
    (0..VALUES).for_each(|n| waits.record(n % 7));
    // Four bytes for each value would be as much.
    assert!(resident() - before < f64::from(4 * VALUES), "it grew by {} bytes", resident() - before);
}
