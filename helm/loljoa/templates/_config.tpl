{{/* What each service is told, as TOML. Secrets are not in it: their files are named by variables. */}}

{{/* loljoa.config: one service's configuration. Takes (list $ "service"). */}}
{{- define "loljoa.config" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $facts := index (include "loljoa.facts" $root | fromYaml) $service -}}
{{- $wishes := include "loljoa.wishes" . | fromYaml -}}
{{- $config := include "loljoa.config.all" . | fromYaml -}}
{{- if $facts.database -}}
  {{- $_ := set $config "database" (dict "replicas" (int $wishes.replicas.max)) -}}
{{- end -}}
{{- if eq $service "gateway" -}}
  {{- $_ := mergeOverwrite $config (include "loljoa.config.gateway" $root | fromYaml) -}}
{{- else -}}
  {{- range $neighbour := $facts.calls -}}
    {{- $_ := set $config ($neighbour | replace "-" "_") (include "loljoa.config.neighbour" (list $root $neighbour) | fromYaml) -}}
  {{- end -}}
{{- end -}}
{{- if eq $service "league-schedule" -}}
  {{- $_ := set $config "source" (include "loljoa.config.source" $root | fromYaml) -}}
{{- end -}}
{{- if eq $service "account" -}}
  {{- $_ := set $config "bootstrap_admin" (dict "username" $root.Values.secrets.adminUsername) -}}
{{- end -}}
{{- mergeOverwrite $config (deepCopy $wishes.config) | toToml -}}
{{- end }}

{{- define "loljoa.config.all" -}}
{{- $root := index . 0 -}}
{{- $telemetry := $root.Values.telemetry -}}
runtime:
  experiments: {{ $root.Values.experiments.enabled }}
  telemetry:
    log: {{ $telemetry.log | quote }}
    sample_ratio: {{ $telemetry.sampleRatio }}
    {{- with $telemetry.otlpEndpoint }}
    otlp_endpoint: {{ . | quote }}
    {{- end }}
{{- end }}

{{/* The sidecar balances, so the service does not. */}}
{{- define "loljoa.config.neighbour" -}}
url: {{ printf "http://%s:50051" (include "loljoa.name" .) | quote }}
balance: false
{{- end }}

{{- define "loljoa.config.gateway" -}}
{{- $ingress := .Values.ingress -}}
{{- $isHttps := ne $ingress.tls.mode "none" -}}
upstreams:
  {{- range $neighbour := list "account" "league-schedule" "betting" }}
  {{ $neighbour | replace "-" "_" }}:
    {{- include "loljoa.config.neighbour" (list $ $neighbour) | nindent 4 }}
  {{- end }}
http:
  # Istio's ingress gateway appends the address that it sees, after those of the proxies in front of it.
  trusted_proxies: {{ add 1 $ingress.proxiesInFront }}
  trust_traceparent: true
  hsts_seconds: {{ $isHttps | ternary $ingress.hstsSeconds 0 }}
cookies:
  secure: {{ $isHttps }}
{{- end }}

{{- define "loljoa.config.source" -}}
{{- $season := .Values.season -}}
{{- if eq $season.mode "replay" -}}
kind: replay
interval_ms: {{ mul 1000 $season.replay.intervalSeconds }}
{{- else if eq $season.mode "live" -}}
kind: live
base_url: {{ $season.live.baseUrl | quote }}
{{- else -}}
kind: import
{{- end }}
{{- end }}
