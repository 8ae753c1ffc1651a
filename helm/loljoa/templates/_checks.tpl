{{/* What no schema can say: values that do not go together. All that is wrong is told at once. */}}

{{- define "loljoa.checks" -}}
{{- $problems := list -}}
{{- $ingress := .Values.ingress -}}
{{- $canary := .Values.mesh.canary -}}
{{- $database := .Values.database -}}
{{- $secrets := .Values.secrets -}}
{{- if gt (len .Release.Name) 30 -}}
  {{- $problems = append $problems (printf "the release's name %q is too long: at most 30 characters, because names are made of it" .Release.Name) -}}
{{- end -}}
{{- range $service, $_ := include "loljoa.facts" $ | fromYaml -}}
  {{- $replicas := (include "loljoa.wishes" (list $ $service) | fromYaml).replicas -}}
  {{- if gt (int $replicas.min) (int $replicas.max) -}}
    {{- $problems = append $problems (printf "%s.replicas.min (%d) is more than %s.replicas.max (%d)" $service (int $replicas.min) $service (int $replicas.max)) -}}
  {{- end -}}
  {{- $autoscaling := (include "loljoa.wishes" (list $ $service) | fromYaml).autoscaling -}}
  {{- if and (gt (int $autoscaling.queueDepth) 0) (not (has $service (list "betting" "gateway"))) -}}
    {{- $problems = append $problems (printf "%s.autoscaling.queueDepth: %s has no queue of bets; betting and gateway have" $service $service) -}}
  {{- end -}}
  {{- $floor := int (get $.Values.autoscaling.calendar.floors $service) -}}
  {{- if and $.Values.autoscaling.calendar.enabled (gt $floor 0) -}}
    {{- if not $autoscaling.enabled -}}
      {{- $problems = append $problems (printf "autoscaling.calendar.floors.%s needs %s.autoscaling.enabled: it is an autoscaler's floor that is raised" $service $service) -}}
    {{- end -}}
    {{- if or (lt $floor (int $replicas.min)) (gt $floor (int $replicas.max)) -}}
      {{- $problems = append $problems (printf "autoscaling.calendar.floors.%s (%d) is not between %s.replicas.min (%d) and %s.replicas.max (%d)" $service $floor $service (int $replicas.min) $service (int $replicas.max)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.autoscaling.calendar.enabled (not .Values.autoscaling.calendar.floors) -}}
  {{- $problems = append $problems "autoscaling.calendar.floors: which services have a floor before a match, and how many replicas" -}}
{{- end -}}
{{- if and $canary.enabled (not $canary.tag) -}}
  {{- $problems = append $problems "mesh.canary.tag: which version of betting the canary is" -}}
{{- end -}}
{{- if and $canary.enabled $canary.tag (eq $canary.tag (.Values.image.tag | default .Chart.AppVersion)) -}}
  {{- $problems = append $problems (printf "mesh.canary.tag: %q is the version that runs already (image.tag)" $canary.tag) -}}
{{- end -}}
{{- range $wish := list "canary" "requestAuthentication" -}}
  {{- if and (index $.Values.mesh $wish).enabled (not $.Values.mesh.enabled) -}}
    {{- $problems = append $problems (printf "mesh.%s.enabled needs mesh.enabled: it is the sidecars that do it" $wish) -}}
  {{- end -}}
{{- end -}}
{{- if and $canary.enabled (not .Values.mesh.traffic.enabled) -}}
  {{- $problems = append $problems "mesh.canary.enabled needs mesh.traffic.enabled, whose rules share the calls out" -}}
{{- end -}}
{{- if and $canary.enabled $canary.header.name (ne $ingress.mode "gateway") -}}
  {{- $problems = append $problems (printf "mesh.canary.header needs ingress.mode=gateway, not %q; leave mesh.canary.header.name empty to go by weight alone" $ingress.mode) -}}
{{- end -}}
{{- if and (eq $database.mode "external") .Values.networkPolicies.enabled (not .Values.networkPolicies.databaseCidrs) -}}
  {{- $problems = append $problems "networkPolicies.databaseCidrs: where the databases are (database.mode=external), such as the subnets of RDS; without it no service could reach its own" -}}
{{- end -}}
{{- if and $secrets.existing $secrets.externalSecrets.enabled -}}
  {{- $problems = append $problems "secrets.existing and secrets.externalSecrets.enabled: only one of the two can be where secrets come from" -}}
{{- end -}}
{{- if and (eq $database.mode "external") (not $secrets.externalSecrets.enabled) -}}
  {{- range $service, $secret := $database.external.secrets -}}
    {{- if not $secret -}}
      {{- $problems = append $problems (printf "database.external.secrets.%s: the Secret with the `url` of %s's database (database.mode=external)" $service $service) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.collector.enabled (not .Values.collector.exporter.endpoint) -}}
  {{- $problems = append $problems "collector.exporter.endpoint: where the collector sends what it keeps (collector.enabled), such as jaeger.observability:4317" -}}
{{- end -}}
{{- if and .Values.collector.enabled .Values.telemetry.otlpEndpoint -}}
  {{- $problems = append $problems "telemetry.otlpEndpoint: services send to the collector of this release (collector.enabled); say collector.exporter.endpoint where it sends" -}}
{{- end -}}
{{- if and (eq $ingress.tls.mode "none") (gt (int (include "loljoa.hstsSeconds" $)) 0) -}}
  {{- $problems = append $problems "ingress.hstsSeconds: browsers would be told to use HTTPS, and ingress.tls.mode=none offers none" -}}
{{- end -}}
{{- if and (eq $ingress.tls.mode "cert-manager") $ingress.tls.certManager.issuer (not $ingress.host) -}}
  {{- $problems = append $problems "ingress.host: the name that the certificate of ingress.tls.certManager.issuer is for" -}}
{{- end -}}
{{- if $problems -}}
  {{- fail (printf "\n\nThese values do not go together:\n\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end }}
