{{/* loljoa.job: a Job that is named for what it does, because a Job cannot be changed: other work is another Job, and an upgrade that
changes nothing of it runs none. Takes (list $ "part" "the Job's spec"). */}}
{{- define "loljoa.job" -}}
{{- $root := index . 0 -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "loljoa.name" . }}-{{ index . 2 | sha256sum | trunc 8 }}
  labels: {{- include "loljoa.labels" . | nindent 4 }}
spec: {{- index . 2 | nindent 2 }}
{{- end }}
