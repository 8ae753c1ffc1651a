{{/* What preflight.yaml asks of Secrets, before pods end over them. What they hold is never told. */}}

{{/* loljoa.preflight.secrets: the sealing key, the first admin's password, and what else pods would wait for. */}}
{{- define "loljoa.preflight.secrets" -}}
{{- $kubectl := printf "kubectl -n %s" .Release.Namespace }}
{{- $name := include "loljoa.secret" . }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace $name }}
{{- if and .Values.secrets.existing (not $secret) }}
  {{- fail (printf "\n\nThe Secret %q (secrets.existing) is not in namespace %q. Make it first:\n\n  %s create secret generic %s --from-literal=sealing-key=\"$(openssl rand -base64 32)\" --from-literal=admin-password=…\n" $name .Release.Namespace $kubectl $name) }}
{{- end }}
{{- if and $secret (not .Values.secrets.externalSecrets.enabled) }}
  {{- $data := $secret.data | default dict }}
  {{- if not (regexMatch "^[A-Za-z0-9+/]{43}=\n?$" (get $data "sealing-key" | b64dec)) }}
    {{- fail (printf "\n\nThe `sealing-key` of Secret %q is not base64 of 32 bytes, and account would not start. Put back the one that it was. If it is lost, every access token ends: give it a new one, and empty account's table signing_keys:\n\n  %s patch secret %s --type=merge -p \"{\\\"stringData\\\":{\\\"sealing-key\\\":\\\"$(openssl rand -base64 32)\\\"}}\"\n" $name $kubectl $name) }}
  {{- end }}
  {{- if not (regexMatch "(?s)^.{8,128}$" (get $data "admin-password" | b64dec | trimSuffix "\n")) }}
    {{- fail (printf "\n\nThe `admin-password` of Secret %q has not 8 to 128 characters, and account would not start. Give it another:\n\n  %s patch secret %s --type=merge -p '{\"stringData\":{\"admin-password\":\"…\"}}'\n" $name $kubectl $name) }}
  {{- end }}
{{- end }}
{{- $season := .Values.season }}
{{- if eq $season.mode "live" }}
  {{- $feed := lookup "v1" "Secret" .Release.Namespace $season.live.existingSecret }}
  {{- if not (get (dig "data" dict $feed) "api-key") }}
    {{- fail (printf "\n\nThe Secret %q (season.live.existingSecret) is not in namespace %q, or has no key `api-key`. Make it first:\n\n  %s create secret generic %s --from-literal=api-key=…\n" $season.live.existingSecret .Release.Namespace $kubectl $season.live.existingSecret) }}
  {{- end }}
{{- end }}
{{- if and (eq $season.mode "import") $season.configMap }}
  {{- $map := lookup "v1" "ConfigMap" .Release.Namespace $season.configMap }}
  {{- if not (get (dig "data" dict $map) "season.json") }}
    {{- fail (printf "\n\nThe ConfigMap %q (season.configMap) is not in namespace %q, or has no key `season.json`. Make it first:\n\n  %s create configmap %s --from-file=season.json\n" $season.configMap .Release.Namespace $kubectl $season.configMap) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* loljoa.preflight.database: the Secrets with the URLs of databases elsewhere. */}}
{{- define "loljoa.preflight.database" -}}
{{- if eq .Values.database.mode "external" }}
{{- $external := .Values.database.external }}
{{- range $service, $name := $external.secrets }}
  {{- if $name }}
    {{- $data := dig "data" dict (lookup "v1" "Secret" $.Release.Namespace $name) }}
    {{- $keys := list "url" }}
    {{- if index $external.directUrl $service }}{{ $keys = append $keys "direct-url" }}{{ end }}
    {{- range $key := $keys }}
      {{- $which := printf "Secret %q (database.external.secrets.%s)" $name $service }}
      {{- $url := get $data $key | b64dec }}
      {{- if not $url }}
        {{- fail (printf "\n\nThe %s is not in namespace %q, or has no key `%s`. Make it first:\n\n  kubectl -n %s create secret generic %s --from-literal=%s='postgres://USER:PASSWORD@HOST:%v/DATABASE'\n" $which $.Release.Namespace $key $.Release.Namespace $name $key $external.port) }}
      {{- end }}
      {{- if not (regexMatch "^postgres(ql)?://" $url) }}
        {{- fail (printf "\n\nThe `%s` of %s is no URL of a PostgreSQL. It should read postgres://USER:PASSWORD@HOST:%v/DATABASE" $key $which $external.port) }}
      {{- end }}
      {{- $host := regexReplaceAll "^postgres(ql)?://([^@/]*@)?" $url "" | regexFind "^[^/?\\s]*" }}
      {{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" | default "5432" }}
      {{- if ne $port (toString $external.port) }}
        {{- fail (printf "\n\nThe `%s` of %s leads to port %s, and network policies and sidecars let port %v through. Say so: database.external.port=%s" $key $which $port $external.port $port) }}
      {{- end }}
      {{- $file := regexFind "sslrootcert=[^&\\s]*" $url | trimPrefix "sslrootcert=" }}
      {{- $folder := include "loljoa.databaseFolder" (list $ $service) }}
      {{- if and (hasPrefix (printf "%s/" $folder) $file) (not (hasKey $data (base $file))) }}
        {{- fail (printf "\n\nThe `%s` of %s names the CA's file %s, and the Secret has no key `%s`. Put the CA's certificate there." $key $which $file (base $file)) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
