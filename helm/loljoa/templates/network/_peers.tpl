{{/* Rules of network policies, each in one line of YAML, so that nobody has to count columns. */}}

{{/* loljoa.peer: a part of this release. Takes (list $ "part"). */}}
{{- define "loljoa.peer" -}}
{ podSelector: { matchLabels: { app.kubernetes.io/name: {{ index . 1 }}, app.kubernetes.io/instance: {{ (index . 0).Release.Name }} } } }
{{- end }}

{{/* loljoa.namespacePeer: everything in a namespace. */}}
{{- define "loljoa.namespacePeer" -}}
{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ . }} } } }
{{- end }}

{{/* loljoa.cnpgPeer: all pods of the operator's Cluster of a service: instances, poolers, and those that make them. Takes (list $ "service"). */}}
{{- define "loljoa.cnpgPeer" -}}
{ podSelector: { matchLabels: { cnpg.io/cluster: {{ include "loljoa.cnpgCluster" . }} } } }
{{- end }}

{{/* loljoa.toNames: DNS, of the cluster or of the node. */}}
{{- define "loljoa.toNames" -}}
- to:
    - {{ include "loljoa.namespacePeer" "kube-system" }}
    # NodeLocal DNSCache
    - ipBlock: { cidr: 169.254.20.10/32 }
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}

{{/* loljoa.toMesh: what a sidecar needs of istiod, and where it and the service send their spans. */}}
{{- define "loljoa.toMesh" -}}
{{- if .Values.mesh.enabled -}}
- to: [{{ include "loljoa.namespacePeer" .Values.mesh.namespace }}]
  ports: [{ port: 15012 }]
{{ end -}}
- to: [{{ include "loljoa.namespacePeer" .Values.networkPolicies.telemetryNamespace }}]
  ports: [{ port: 4317 }]
{{- if .Values.collector.enabled }}
- to: [{{ include "loljoa.peer" (list $ "collector") }}]
  ports: [{ port: 4317 }]
{{- end }}
{{- end }}

{{/* loljoa.toDatabase: the database of a service. Takes (list $ "service"). */}}
{{- define "loljoa.toDatabase" -}}
{{- $root := index . 0 -}}
- to:
    {{- if eq $root.Values.database.mode "builtin" }}
    - {{ include "loljoa.peer" (list $root "postgres") }}
    {{- else if eq $root.Values.database.mode "cloudnative-pg" }}
    - {{ include "loljoa.cnpgPeer" . }}
    {{- else }}
    {{- range $root.Values.networkPolicies.databaseCidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
    {{- end }}
  ports: [{ port: {{ include "loljoa.databasePort" $root }} }]
{{- end }}

{{/* loljoa.ofDatabase: which parts use the database of a service. Takes (list $ "service"); gives {"list": […]}. */}}
{{- define "loljoa.ofDatabase" -}}
{{- $parts := list (index . 1) (printf "migrate-%s" (index . 1)) -}}
{{- if has (index . 1) (list "account" "betting") }}{{ $parts = append $parts "test-audit" }}{{ end -}}
{{- dict "list" $parts | toYaml -}}
{{- end }}

{{/* loljoa.networkPolicy: the head of a part's policy. Takes (list $ "part"). */}}
{{- define "loljoa.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "loljoa.name" . }}
  labels: {{- include "loljoa.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "loljoa.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}
