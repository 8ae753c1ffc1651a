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

{{/* loljoa.smallResources: of what runs once, or does little. */}}
{{- define "loljoa.smallResources" -}}
requests: { cpu: 10m, memory: 16Mi }
limits: { memory: 128Mi }
{{- end }}

{{/* loljoa.podBasics: of every pod's specification. Takes (list $ "part"), the part whose identity it has. */}}
{{- define "loljoa.podBasics" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "loljoa.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "loljoa.podSecurity" $root | nindent 2 }}
{{- include "loljoa.pullSecrets" $root }}
{{- end }}

{{/* loljoa.pullSecrets: a pod's keys, if there are any. */}}
{{- define "loljoa.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* loljoa.meshLabels: a sidecar, or none, whether or not the namespace asks for one. */}}
{{- define "loljoa.meshLabels" -}}
{{- $mesh := .Values.mesh -}}
sidecar.istio.io/inject: {{ $mesh.enabled | quote }}
{{- if and $mesh.enabled $mesh.revision }}
istio.io/rev: {{ $mesh.revision }}
{{- end }}
{{- end }}

{{/* loljoa.meshAnnotations: the sidecar is a native one, so that it starts before and ends after what it serves. The database speaks
TLS of its own, and the sidecar leaves it alone. */}}
{{- define "loljoa.meshAnnotations" -}}
{{- if .Values.mesh.enabled -}}
sidecar.istio.io/nativeSidecar: "true"
traffic.sidecar.istio.io/excludeOutboundPorts: {{ include "loljoa.databasePort" . | quote }}
{{- $proxy := dict }}
{{- with .Values.mesh.sidecar.concurrency }}{{ $_ := set $proxy "concurrency" (int .) }}{{ end }}
{{- if .Values.mesh.sidecar.namesFromMesh }}{{ $_ := set $proxy "proxyMetadata" (dict "ISTIO_META_DNS_CAPTURE" "true") }}{{ end }}
{{- with $proxy }}
proxy.istio.io/config: {{ toJson . | quote }}
{{- end }}
{{- with .Values.mesh.sidecar.resources }}
{{- with dig "requests" "cpu" "" . }}
sidecar.istio.io/proxyCPU: {{ . | quote }}
{{- end }}
{{- with dig "requests" "memory" "" . }}
sidecar.istio.io/proxyMemory: {{ . | quote }}
{{- end }}
{{- with dig "limits" "cpu" "" . }}
sidecar.istio.io/proxyCPULimit: {{ . | quote }}
{{- end }}
{{- with dig "limits" "memory" "" . }}
sidecar.istio.io/proxyMemoryLimit: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
