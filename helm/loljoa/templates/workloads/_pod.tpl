{{/* loljoa.pod: a service's pod. Takes a dict: root, service, facts, wishes, version (a label), tag (of the image). */}}
{{- define "loljoa.pod" -}}
{{- $root := .root -}}
{{- $part := list $root .service -}}
metadata:
  labels: {{- include "loljoa.podLabels" (append $part .version) | nindent 4 }}
  annotations:
    {{- include "loljoa.meshAnnotations" $root | nindent 4 }}
    kubectl.kubernetes.io/default-container: {{ .service }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "9090"
    prometheus.io/path: /metrics
    # Everything but the log filter is read at the start only.
    checksum/config: {{ include "loljoa.config" $part | regexReplaceAll "(?m)^\\s*log = .*$" "" | sha256sum }}
    {{- with .wishes.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "loljoa.name" $part }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # The service's own budget is 25 s.
  terminationGracePeriodSeconds: 35
  securityContext: {{- include "loljoa.podSecurity" $root | nindent 4 }}
  {{- include "loljoa.pullSecrets" $root | nindent 2 }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ $key }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "loljoa.selector" $part | nindent 10 }}
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
  containers:
    - name: {{ .service }}
      image: {{ include "loljoa.image" (list $root .service .tag) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext: {{- include "loljoa.containerSecurity" $root | nindent 8 }}
      ports:
        - { name: {{ .facts.protocol }}, containerPort: {{ .facts.port }} }
        - { name: http-admin, containerPort: 9090 }
      env: {{- include "loljoa.env" . | nindent 8 }}
      resources: {{- toYaml .wishes.resources | nindent 8 }}
      # A start may wait for its database for as long as that takes; only a process that does not even live is ended.
      startupProbe: { httpGet: { path: /livez, port: http-admin }, periodSeconds: 1, failureThreshold: 60 }
      readinessProbe: { httpGet: { path: /readyz, port: http-admin }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 }
      livenessProbe: { httpGet: { path: /livez, port: http-admin }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 }
      volumeMounts:
        - { name: config, mountPath: /etc/loljoa/conf.d, readOnly: true }
        {{- if .facts.database }}
        - { name: database, mountPath: /run/secrets/loljoa/database, readOnly: true }
        {{- end }}
        {{- if eq .service "account" }}
        - { name: account, mountPath: /run/secrets/loljoa/account, readOnly: true }
        {{- end }}
        {{- if include "loljoa.isLive" . }}
        - { name: live, mountPath: /run/secrets/loljoa/live, readOnly: true }
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "loljoa.name" $part }} }
    {{- if .facts.database }}
    {{- include "loljoa.databaseVolume" $part | nindent 4 }}
    {{- end }}
    {{- if eq .service "account" }}
    - name: account
      secret: { secretName: {{ include "loljoa.secret" $root }}, defaultMode: 0440 }
    {{- end }}
    {{- if include "loljoa.isLive" . }}
    - name: live
      secret: { secretName: {{ $root.Values.season.live.existingSecret }}, defaultMode: 0440 }
    {{- end }}
{{- end }}

{{/* loljoa.env: the files that hold secrets, and what the process is called. Takes what loljoa.pod takes. */}}
{{- define "loljoa.env" -}}
- name: NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: POD
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.namespace=loljoa,service.version={{ .version }},k8s.namespace.name=$(NAMESPACE),k8s.pod.name=$(POD)
{{- if .facts.database }}
{{ include "loljoa.databaseEnv" (list .root .service) }}
{{- end }}
{{- if eq .service "account" }}
- { name: LOLJOA__TOKENS__SEALING_KEY_FILE, value: /run/secrets/loljoa/account/sealing-key }
- { name: LOLJOA__BOOTSTRAP_ADMIN__PASSWORD_FILE, value: /run/secrets/loljoa/account/admin-password }
{{- end }}
{{- if include "loljoa.isLive" . }}
- { name: LOLJOA__SOURCE__API_KEY_FILE, value: /run/secrets/loljoa/live/api-key }
{{- end }}
{{- end }}

{{/* loljoa.isLive: whether this is the service that follows the feed, and it does. */}}
{{- define "loljoa.isLive" -}}
{{- if and (eq .service "league-schedule") (eq .root.Values.season.mode "live") }}true{{ end -}}
{{- end }}
