{{/* Peers of network policies. */}}

{{/* loljoa.peer: a part of this release. Takes (list $ "part"). */}}
{{- define "loljoa.peer" -}}
podSelector:
  matchLabels: {{- include "loljoa.selector" . | nindent 4 }}
{{- end }}

{{/* loljoa.namespacePeer: everything in a namespace. */}}
{{- define "loljoa.namespacePeer" -}}
namespaceSelector:
  matchLabels: { kubernetes.io/metadata.name: {{ . }} }
{{- end }}

{{/* loljoa.toMesh: names, and what a sidecar needs of istiod. */}}
{{- define "loljoa.toMesh" -}}
- to:
    - {{- include "loljoa.namespacePeer" "kube-system" | nindent 6 }}
    # NodeLocal DNSCache
    - ipBlock: { cidr: 169.254.20.10/32 }
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
- to:
    - {{- include "loljoa.namespacePeer" .Values.mesh.namespace | nindent 6 }}
  ports: [{ port: 15012 }]
{{- if .Values.telemetry.otlpEndpoint }}
- to:
    - {{- include "loljoa.namespacePeer" .Values.networkPolicies.telemetryNamespace | nindent 6 }}
  ports: [{ port: 4317 }]
{{- end }}
{{- end }}

{{/* loljoa.toDatabase: the database of a service. */}}
{{- define "loljoa.toDatabase" -}}
{{- $mode := .Values.database.mode -}}
- to:
    {{- if eq $mode "builtin" }}
    - {{- include "loljoa.peer" (list . "postgres") | nindent 6 }}
    {{- else }}
    {{- range .Values.networkPolicies.databaseCidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
    {{- end }}
  ports: [{ port: 5432 }]
{{- end }}
