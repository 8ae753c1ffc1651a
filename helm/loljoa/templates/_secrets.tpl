{{/* Secrets are made once: what the cluster has is kept, over upgrades, and after an uninstall for the next install. */}}

{{/* loljoa.keptIn: a value of an existing Secret, or nothing. Takes (list "namespace" "secret" "key"). */}}
{{- define "loljoa.keptIn" -}}
{{- with lookup "v1" "Secret" (index . 0) (index . 1) }}{{ get (.data | default dict) (index $ 2) | b64dec }}{{ end -}}
{{- end }}

{{/* loljoa.kept: one of the release's namespace. Takes (list $ "secret" "key"). */}}
{{- define "loljoa.kept" -}}
{{- include "loljoa.keptIn" (list (index . 0).Release.Namespace (index . 1) (index . 2)) -}}
{{- end }}

{{/* loljoa.password: a kept one, or a new one; letters and digits, so that it may stand in a URL. Takes (list $ "secret" "key"). */}}
{{- define "loljoa.password" -}}
{{- include "loljoa.kept" . | default (randAlphaNum 32) -}}
{{- end }}

{{/* loljoa.secret: the name of the Secret with the sealing key and the first admin's password. */}}
{{- define "loljoa.secret" -}}
{{- .Values.secrets.existing | default (include "loljoa.name" (list . "secrets")) -}}
{{- end }}

{{/* loljoa.tlsSecret: the name of the Secret with the certificate of the way in, in the ingress gateway's namespace. */}}
{{- define "loljoa.tlsSecret" -}}
{{- if eq .Values.ingress.tls.mode "secret" -}}
{{- .Values.ingress.tls.secretName -}}
{{- else -}}
{{- printf "%s-%s-tls" .Release.Namespace .Release.Name -}}
{{- end -}}
{{- end }}
