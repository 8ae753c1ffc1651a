{{/* What each service is told, as TOML (docs/operations.md). Secrets are not in it: their files are named by variables. */}}

{{/* loljoa.config: one service's configuration. Takes (list $ "service"). */}}
{{- define "loljoa.config" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $facts := index (include "loljoa.facts" $root | fromYaml) $service -}}
{{- $wishes := include "loljoa.wishes" . | fromYaml -}}
{{- $config := include "loljoa.config.all" . | fromYaml -}}
{{- if $facts.database -}}
  {{- $replicas := int $wishes.replicas.max -}}
  {{- if has $service (include "loljoa.canary" $root | fromYaml).list }}{{ $replicas = add $replicas $root.Values.mesh.canary.replicas }}{{ end -}}
  {{- $_ := set $config "database" (dict "replicas" $replicas) -}}
{{- else -}}
  {{- $_ := set $config "http" (include "loljoa.config.http" $root | fromYaml) -}}
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
{{- include "loljoa.toml" (mergeOverwrite $config (deepCopy $wishes.config)) -}}
{{- end }}

{{/* loljoa.toml: a table as TOML. What comes out of YAML are floating-point numbers, of which whole ones are meant to be whole. */}}
{{- define "loljoa.toml" -}}
{{- include "loljoa.whole" . -}}
{{- toToml . -}}
{{- end }}

{{- define "loljoa.whole" -}}
{{- range $key, $value := . -}}
  {{- if kindIs "map" $value -}}
    {{- include "loljoa.whole" $value -}}
  {{- else if kindIs "slice" $value -}}
    {{- range $item := $value }}{{ if kindIs "map" $item }}{{ include "loljoa.whole" $item }}{{ end }}{{ end -}}
  {{- else if and (kindIs "float64" $value) (eq (floor $value) $value) -}}
    {{- $_ := set $ $key (int64 $value) -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* Under Istio a service's spans carry the name that Envoy's do, so that a trace shows one service and not two. */}}
{{- define "loljoa.config.all" -}}
{{- $root := index . 0 -}}
{{- $telemetry := $root.Values.telemetry -}}
runtime:
  experiments: {{ $root.Values.experiments.enabled }}
  drain:
    delay_ms: {{ mul 1000 $root.Values.drain.delaySeconds }}
    grace_ms: {{ mul 1000 $root.Values.drain.graceSeconds }}
    budget_ms: {{ include "loljoa.budgetMs" $root }}
  telemetry:
    service_name: {{ printf "%s.%s" (index . 1) $root.Release.Namespace | quote }}
    log: {{ $telemetry.log | quote }}
    sample_ratio: {{ include "loljoa.sampleRatio" $root }}
    {{- with include "loljoa.otlpEndpoint" $root }}
    otlp_endpoint: {{ . | quote }}
    {{- end }}
{{- end }}

{{/* The sidecar balances, so the service does not; without one it does, over the addresses of a name that has them all. */}}
{{- define "loljoa.config.neighbour" -}}
{{- $isMesh := (index . 0).Values.mesh.enabled -}}
url: {{ printf "http://%s%s:50051" (include "loljoa.name" .) ($isMesh | ternary "" "-headless") | quote }}
balance: {{ not $isMesh }}
{{- end }}

{{/* Istio's ingress gateway appends the address that it sees, after those of the proxies in front of it. */}}
{{- define "loljoa.config.http" -}}
trusted_proxies: {{ add 1 .Values.ingress.proxiesInFront }}
hsts_seconds: {{ include "loljoa.hstsSeconds" . }}
{{- end }}

{{- define "loljoa.config.gateway" -}}
serve_web: false
upstreams:
  {{- range $neighbour := list "account" "league-schedule" "betting" }}
  {{ $neighbour | replace "-" "_" }}:
    {{- include "loljoa.config.neighbour" (list $ $neighbour) | nindent 4 }}
  {{- end }}
http:
  trust_traceparent: true
cookies:
  secure: {{ include "loljoa.isHttps" . | eq "true" }}
{{- end }}

{{- define "loljoa.config.source" -}}
{{- $season := .Values.season -}}
{{- if eq $season.mode "replay" -}}
kind: replay
interval_ms: {{ mul 1000 $season.replay.intervalSeconds }}
duration_ms: {{ mul 1000 $season.replay.intervalSeconds }}
{{- else if eq $season.mode "live" -}}
kind: live
base_url: {{ $season.live.baseUrl | quote }}
{{- else -}}
kind: import
{{- end }}
{{- end }}
