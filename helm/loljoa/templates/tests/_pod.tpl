{{/* loljoa.testPod: the head of a pod that `helm test` runs. Takes (list $ "part"). */}}
{{- define "loljoa.testPod" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "loljoa.name" . }}
  labels: {{- include "loljoa.labels" . | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "loljoa.name" . }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
