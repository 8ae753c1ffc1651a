{{/* How a service finds its database, whichever kind that is. All but the first take (list $ "service"). */}}

{{/* loljoa.databasePort: the port of all databases. */}}
{{- define "loljoa.databasePort" -}}
{{- eq .Values.database.mode "external" | ternary .Values.database.external.port 5432 -}}
{{- end }}

{{/* loljoa.databaseSecret: the Secret with its `url`, and with `direct-url` where a pooler is before it. */}}
{{- define "loljoa.databaseSecret" -}}
{{- $root := index . 0 -}}
{{- $named := eq $root.Values.database.mode "external" | ternary (index $root.Values.database.external.secrets (index . 1)) "" -}}
{{- $named | default (include "loljoa.name" (list $root (printf "database-%s" (index . 1)))) -}}
{{- end }}

{{/* loljoa.hasDirectUrl: whether a pooler is before it. */}}
{{- define "loljoa.hasDirectUrl" -}}
{{- $database := (index . 0).Values.database -}}
{{- if eq $database.mode "external" -}}
  {{- if index $database.external.directUrl (index . 1) }}true{{ end -}}
{{- else if eq $database.mode "cloudnative-pg" -}}
  {{- if $database.cloudnativePg.pooler.enabled }}true{{ end -}}
{{- end -}}
{{- end }}

{{/* loljoa.directUrlKey: the Secret's key with the URL that leads past a pooler. */}}
{{- define "loljoa.directUrlKey" -}}
{{- include "loljoa.hasDirectUrl" . | eq "true" | ternary "direct-url" "url" -}}
{{- end }}

{{/* loljoa.databaseEnv: the files that a service reads. */}}
{{- define "loljoa.databaseEnv" -}}
- name: LOLJOA__DATABASE__URL_FILE
  value: {{ include "loljoa.databaseFolder" . }}/url
{{- if include "loljoa.hasDirectUrl" . }}
- name: LOLJOA__DATABASE__DIRECT_URL_FILE
  value: {{ include "loljoa.databaseFolder" . }}/direct-url
{{- end }}
{{- end }}

{{/* loljoa.databaseVolume: where they are. The operator keeps the CA in a Secret of its own, beside the CA's key. */}}
{{- define "loljoa.databaseVolume" -}}
{{- $root := index . 0 -}}
- name: database-{{ index . 1 }}
  {{- if eq $root.Values.database.mode "cloudnative-pg" }}
  projected:
    defaultMode: 0440
    sources:
      - secret: { name: {{ include "loljoa.databaseSecret" . }} }
      - secret: { name: {{ include "loljoa.cnpgCluster" . }}-ca, items: [{ key: ca.crt, path: ca.crt }] }
  {{- else }}
  secret:
    secretName: {{ include "loljoa.databaseSecret" . }}
    defaultMode: 0440
  {{- end }}
{{- end }}

{{/* loljoa.databaseMount: and where a container sees them. */}}
{{- define "loljoa.databaseMount" -}}
- { name: database-{{ index . 1 }}, mountPath: {{ include "loljoa.databaseFolder" . }}, readOnly: true }
{{- end }}

{{/* loljoa.databaseFolder: that place. URLs name the CA's file in it, so no two services have the same. */}}
{{- define "loljoa.databaseFolder" -}}
{{- printf "/run/secrets/loljoa/database-%s" (index . 1) -}}
{{- end }}

{{/* loljoa.role: the role, and the database, of a service. */}}
{{- define "loljoa.role" -}}
{{- index . 1 | replace "-" "_" -}}
{{- end }}

{{/* loljoa.databaseUrl: takes (list $ "service" "password" "host"). The CA's file lies beside it. */}}
{{- define "loljoa.databaseUrl" -}}
{{- $role := include "loljoa.role" . -}}
{{- printf "postgres://%s:%s@%s:5432/%s?sslmode=verify-full&sslrootcert=%s/ca.crt" $role (index . 2) (index . 3) $role (include "loljoa.databaseFolder" .) -}}
{{- end }}

{{/* loljoa.cnpgCluster: the name of the operator's Cluster for a service. */}}
{{- define "loljoa.cnpgCluster" -}}
{{- include "loljoa.name" (list (index . 0) (printf "%s-db" (index . 1))) -}}
{{- end }}
