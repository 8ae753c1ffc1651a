{{/* The collector: it waits until a trace is whole, and then decides whether it is kept. docs/adr/0045 */}}

{{/* loljoa.collectorConfig: what it does, as it reads it. */}}
{{- define "loljoa.collectorConfig" -}}
{{- $collector := .Values.collector -}}
receivers:
  otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317", max_recv_msg_size_mib: 8 } } }
processors:
  # First, so that what has no room is refused at the door: who sends it counts it.
  memory_limiter: { check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 20 }
  tail_sampling:
    decision_wait: {{ $collector.sampling.decisionWaitSeconds }}s
    num_traces: {{ int $collector.sampling.tracesAtOnce }}
    policies:
      - { name: errors, type: status_code, status_code: { status_codes: [ERROR] } }
      # Not what takes long because it waits for something to happen: feeds, and event streams as Envoy sees them.
      - name: slow
        type: and
        and:
          and_sub_policy:
            - { name: long, type: latency, latency: { threshold_ms: {{ int $collector.sampling.slowMs }} } }
            - name: no-feed
              type: string_attribute
              string_attribute:
                key: rpc.method
                values: [loljoa.league_schedule.v1.LeagueFeedService/ListChanges, loljoa.league_schedule.v1.LeagueFeedService/ListQuestionChanges]
                invert_match: true
            - name: no-stream
              type: string_attribute
              string_attribute: { key: http.url, values: [/api/betting/stream], enabled_regex_matching: true, cache_max_size: 1000, invert_match: true }
      - { name: share, type: probabilistic, probabilistic: { sampling_percentage: {{ mulf 100 .Values.telemetry.sampleRatio }} } }
  batch: { timeout: 1s, send_batch_size: 1024, send_batch_max_size: 2048 }
exporters:
  otlp:
    endpoint: {{ $collector.exporter.endpoint | quote }}
    tls: { insecure: {{ $collector.exporter.insecure }} }
    sending_queue: { enabled: true, num_consumers: 4, queue_size: {{ int $collector.exporter.queueBatches }} }
    retry_on_failure: { enabled: true, initial_interval: 1s, max_interval: 10s, max_elapsed_time: 60s }
extensions:
  healthcheckv2: { use_v2: true, http: { endpoint: "0.0.0.0:13133" } }
service:
  extensions: [healthcheckv2]
  telemetry:
    logs: { level: info, encoding: json }
    metrics: { level: normal, readers: [{ pull: { exporter: { prometheus: { host: 0.0.0.0, port: 8888 } } } }] }
  pipelines:
    traces: { receivers: [otlp], processors: [memory_limiter, tail_sampling, batch], exporters: [otlp] }
{{- end }}

{{/* loljoa.otlpEndpoint: where services send spans; nothing where they do not. */}}
{{- define "loljoa.otlpEndpoint" -}}
{{- if .Values.collector.enabled -}}
http://{{ include "loljoa.name" (list $ "collector") }}:4317
{{- else -}}
{{ .Values.telemetry.otlpEndpoint }}
{{- end -}}
{{- end }}

{{/* loljoa.sampleRatio: which share of traces services and sidecars tell of. The collector can choose only among what it is told. */}}
{{- define "loljoa.sampleRatio" -}}
{{- .Values.collector.enabled | ternary 1 .Values.telemetry.sampleRatio -}}
{{- end }}
