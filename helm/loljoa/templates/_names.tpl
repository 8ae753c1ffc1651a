{{/* Names and labels. Names are never cut: checks.tpl refuses a release name that is too long for the longest of them. */}}

{{/* loljoa.name: what the parts of this release are called: RELEASE-PART. Takes (list $ "part"). */}}
{{- define "loljoa.name" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s" $root.Release.Name (index . 1) -}}
{{- end }}

{{/* loljoa.identity: the SPIFFE principal of a part, as Istio writes it in policies. Takes (list $ "part"). */}}
{{- define "loljoa.identity" -}}
{{- $root := index . 0 -}}
{{- printf "%s/ns/%s/sa/%s" $root.Values.mesh.trustDomain $root.Release.Namespace (include "loljoa.name" .) -}}
{{- end }}

{{/* loljoa.ingressIdentity: that of Istio's ingress gateway. */}}
{{- define "loljoa.ingressIdentity" -}}
{{- $istio := .Values.ingress.istio -}}
{{- printf "%s/ns/%s/sa/%s" .Values.mesh.trustDomain $istio.namespace $istio.serviceAccount -}}
{{- end }}

{{/* loljoa.selector: what tells a part's pods from all others. Takes (list $ "part"). */}}
{{- define "loljoa.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{/* loljoa.labels: what every object of a part carries. Takes (list $ "part"). */}}
{{- define "loljoa.labels" -}}
{{- $root := index . 0 -}}
{{ include "loljoa.selector" . }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: loljoa
app.kubernetes.io/version: {{ include "loljoa.version" (list $root "") | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* loljoa.podLabels: those of a pod. Kiali goes by `app` and `version`, Istio's canonical service by app.kubernetes.io/name, and the
three agree. Takes (list $ "part" "tag"); an empty tag is the release's. */}}
{{- define "loljoa.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "loljoa.selector" . }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: loljoa
app: {{ index . 1 }}
version: {{ include "loljoa.version" (list $root (index . 2)) | quote }}
{{- end }}

{{/* loljoa.version: of the images, as a label may have it. Takes (list $ "tag"); an empty tag is the release's. */}}
{{- define "loljoa.version" -}}
{{- $root := index . 0 -}}
{{- index . 1 | default $root.Values.image.tag | default $root.Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." -}}
{{- end }}

{{/* loljoa.image: Takes (list $ "image" "tag"); an empty tag is the release's. */}}
{{- define "loljoa.image" -}}
{{- $root := index . 0 -}}
{{- $image := $root.Values.image -}}
{{- $tag := index . 2 | default $image.tag | default $root.Chart.AppVersion -}}
{{- printf "%s/%s/%s:%s" $image.registry $image.repository (index . 1) $tag -}}
{{- end }}
