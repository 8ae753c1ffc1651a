{{/* loljoa.workload: a service's Deployment. Takes a dict: root, service, facts, wishes, track ("stable" or "canary"), tag (of the image),
and replicas where no autoscaler counts them. */}}
{{- define "loljoa.workload" -}}
{{- $part := list .root .service -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "loljoa.deployment" . }}
  labels:
    {{- include "loljoa.labels" $part | nindent 4 }}
    loljoa.dev/track: {{ .track }}
spec:
  {{- with .replicas }}
  replicas: {{ . }}
  {{- end }}
  revisionHistoryLimit: 3
  # A new pod has to be ready before an old one goes, and stays so for a moment.
  minReadySeconds: 2
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 25%, maxUnavailable: 0 } }
  selector:
    matchLabels:
      {{- include "loljoa.selector" $part | nindent 6 }}
      loljoa.dev/track: {{ .track }}
  template:
    {{- include "loljoa.pod" . | nindent 4 }}
{{- end }}

{{/* loljoa.deployment: its name. Takes what loljoa.workload takes. */}}
{{- define "loljoa.deployment" -}}
{{- include "loljoa.name" (list .root (eq .track "canary" | ternary (printf "%s-canary" .service) .service)) -}}
{{- end }}

{{/* loljoa.pod: its pod. Takes what loljoa.workload takes. */}}
{{- define "loljoa.pod" -}}
{{- $root := .root -}}
{{- $part := list $root .service -}}
metadata:
  labels:
    {{- include "loljoa.podLabels" (append $part .tag) | nindent 4 }}
    {{- include "loljoa.meshLabels" $root | nindent 4 }}
    loljoa.dev/track: {{ .track }}
  annotations:
    {{- include "loljoa.meshAnnotations" $root | nindent 4 }}
    kubectl.kubernetes.io/default-container: {{ .service }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "9090"
    prometheus.io/path: /metrics
    # All but the log's filter is read at the start only.
    checksum/config: {{ regexReplaceAll "(?m)^\\s*log = .*$" (include "loljoa.config" $part) "" | sha256sum }}
    {{- with .wishes.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "loljoa.podBasics" $part | nindent 2 }}
  # The service's own budget, and what the kubelet and the sidecar need besides.
  terminationGracePeriodSeconds: {{ add 10 (div (include "loljoa.budgetMs" $root | int) 1000) }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ $key }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "loljoa.selector" $part | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- with .wishes.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .wishes.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .wishes.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .wishes.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: {{ .service }}
      image: {{ include "loljoa.image" (append $part .tag) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [serve, --config, /etc/loljoa/conf.d]
      securityContext: {{- include "loljoa.containerSecurity" $root | nindent 8 }}
      ports:
        - { name: {{ .facts.protocol }}, containerPort: {{ .facts.port }} }
        - { name: http-admin, containerPort: 9090 }
      env: {{- include "loljoa.env" . | trim | nindent 8 }}
      resources: {{- toYaml .wishes.resources | nindent 8 }}
      # A start may wait for its database for as long as that takes; only a process that does not even live is ended.
      startupProbe: { httpGet: { path: /livez, port: http-admin }, periodSeconds: 1, failureThreshold: 60 }
      readinessProbe: { httpGet: { path: /readyz, port: http-admin }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 }
      livenessProbe: { httpGet: { path: /livez, port: http-admin }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 }
      volumeMounts:
        - { name: config, mountPath: /etc/loljoa/conf.d, readOnly: true }
        {{- include "loljoa.secretMounts" $part | trim | nindent 8 }}
  volumes:
    - name: config
      configMap: { name: {{ include "loljoa.name" $part }} }
    {{- include "loljoa.secretVolumes" $part | trim | nindent 4 }}
{{- end }}

{{/* loljoa.env: what the process is called in traces, and the files that hold its secrets. Takes what loljoa.workload takes. */}}
{{- define "loljoa.env" -}}
- name: NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: POD
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: NODE
  valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
{{- $attributes := list "service.namespace=$(NAMESPACE)" (printf "service.instance.id=$(NAMESPACE).$(POD).%s" .service) }}
{{- $attributes = append $attributes (printf "service.version=%s" (include "loljoa.version" (list .root .tag))) }}
{{- $attributes = concat $attributes (list "k8s.namespace.name=$(NAMESPACE)" "k8s.pod.name=$(POD)" "k8s.node.name=$(NODE)") }}
{{- $attributes = append $attributes (printf "k8s.deployment.name=%s" (include "loljoa.deployment" .)) }}
{{- $attributes = append $attributes (printf "k8s.container.name=%s" .service) }}
- { name: OTEL_RESOURCE_ATTRIBUTES, value: {{ join "," $attributes | quote }} }
{{ include "loljoa.secretEnv" (list .root .service) | trim }}
{{- end }}

{{/* What follows is of a service's secrets: the variables that name their files, the mounts, the volumes. Each takes (list $ "service"). */}}

{{- define "loljoa.secretEnv" -}}
{{- $service := index . 1 -}}
{{- if (index (include "loljoa.facts" (index . 0) | fromYaml) $service).database }}
{{- include "loljoa.databaseEnv" . }}
{{- end }}
{{- if eq $service "account" }}
- { name: LOLJOA__TOKENS__SEALING_KEY_FILE, value: /run/secrets/loljoa/account/sealing-key }
- { name: LOLJOA__BOOTSTRAP_ADMIN__PASSWORD_FILE, value: /run/secrets/loljoa/account/admin-password }
{{- end }}
{{- if include "loljoa.isLive" . }}
- { name: LOLJOA__SOURCE__API_KEY_FILE, value: /run/secrets/loljoa/live/api-key }
{{- end }}
{{- end }}

{{- define "loljoa.secretMounts" -}}
{{- $service := index . 1 -}}
{{- if (index (include "loljoa.facts" (index . 0) | fromYaml) $service).database }}
{{- include "loljoa.databaseMount" . | nindent 0 }}
{{- end }}
{{- if eq $service "account" }}
- { name: account, mountPath: /run/secrets/loljoa/account, readOnly: true }
{{- end }}
{{- if include "loljoa.isLive" . }}
- { name: live, mountPath: /run/secrets/loljoa/live, readOnly: true }
{{- end }}
{{- end }}

{{- define "loljoa.secretVolumes" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- if (index (include "loljoa.facts" $root | fromYaml) $service).database }}
{{- include "loljoa.databaseVolume" . }}
{{- end }}
{{- if eq $service "account" }}
- name: account
  secret: { secretName: {{ include "loljoa.secret" $root }}, defaultMode: 0440 }
{{- end }}
{{- if include "loljoa.isLive" . }}
- name: live
  secret: { secretName: {{ $root.Values.season.live.existingSecret }}, defaultMode: 0440 }
{{- end }}
{{- end }}

{{/* loljoa.isLive: whether this is the service that follows the feed, and it does. Takes (list $ "service"). */}}
{{- define "loljoa.isLive" -}}
{{- if and (eq (index . 1) "league-schedule") (eq (index . 0).Values.season.mode "live") }}true{{ end -}}
{{- end }}
