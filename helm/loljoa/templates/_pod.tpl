{{/* What pods have in common. */}}

{{/* loljoa.podSecurity: what PodSecurity's `restricted` asks of a pod. */}}
{{- define "loljoa.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* loljoa.containerSecurity: and of a container. */}}
{{- define "loljoa.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* loljoa.pullSecrets: a pod's key, if there are any. */}}
{{- define "loljoa.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* loljoa.meshAnnotations: the sidecar is a native one, so that it starts before and ends after what it serves. The database speaks
TLS of its own, and the sidecar leaves it alone. */}}
{{- define "loljoa.meshAnnotations" -}}
sidecar.istio.io/nativeSidecar: "true"
traffic.sidecar.istio.io/excludeOutboundPorts: "5432"
{{- end }}

{{/* loljoa.databaseEnv: where a service finds its database. Takes (list $ "service"). */}}
{{- define "loljoa.databaseEnv" -}}
- name: LOLJOA__DATABASE__URL_FILE
  value: /run/secrets/loljoa/database/url
{{- $root := index . 0 }}
{{- if and (eq $root.Values.database.mode "external") (index $root.Values.database.external.directUrl (index . 1)) }}
- name: LOLJOA__DATABASE__DIRECT_URL_FILE
  value: /run/secrets/loljoa/database/direct-url
{{- end }}
{{- end }}

{{/* loljoa.databaseVolume: the Secret with it. Takes (list $ "service"). */}}
{{- define "loljoa.databaseVolume" -}}
- name: database
  secret:
    secretName: {{ include "loljoa.databaseSecret" . }}
    defaultMode: 0440
{{- end }}

{{/* loljoa.databaseSecret: its name. Takes (list $ "service"). */}}
{{- define "loljoa.databaseSecret" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.database.mode "external" -}}
{{- index $root.Values.database.external.secrets (index . 1) -}}
{{- else -}}
{{- include "loljoa.name" (list $root (printf "database-%s" (index . 1))) -}}
{{- end -}}
{{- end }}

{{/* loljoa.secret: the name of the Secret with the sealing key and the first admin's password. */}}
{{- define "loljoa.secret" -}}
{{- .Values.secrets.existing | default (include "loljoa.name" (list . "secrets")) -}}
{{- end }}
