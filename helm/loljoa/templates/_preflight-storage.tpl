{{/* What preflight.yaml asks of volumes. Those that are there already need no StorageClass any more, and are what they are. */}}

{{/* loljoa.preflight.storage: of the databases that the release makes. */}}
{{- define "loljoa.preflight.storage" -}}
{{- $namespace := .Release.Namespace }}
{{- $database := .Values.database }}
{{- if eq $database.mode "builtin" }}
  {{- $name := include "loljoa.name" (list . "postgres") }}
  {{- if not (lookup "v1" "PersistentVolumeClaim" $namespace (printf "data-%s-0" $name)) }}
    {{- include "loljoa.preflight.class" (list . "database.builtin.storage.className" $database.builtin.storage.className) }}
  {{- end }}
  {{- with lookup "apps/v1" "StatefulSet" $namespace $name }}
    {{- include "loljoa.preflight.builtin" (list $ .) }}
  {{- end }}
{{- else if eq $database.mode "cloudnative-pg" }}
  {{- if not (lookup "postgresql.cnpg.io/v1" "Cluster" $namespace (include "loljoa.cnpgCluster" (list . "account"))) }}
    {{- include "loljoa.preflight.class" (list . "database.cloudnativePg.storage.className" $database.cloudnativePg.storage.className) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* loljoa.preflight.class: a StorageClass, or the default one. Takes (list $ "value" "StorageClass"). */}}
{{- define "loljoa.preflight.class" -}}
{{- $wanted := index . 2 }}
{{- $found := false }}
{{- if $wanted }}
  {{- if lookup "storage.k8s.io/v1" "StorageClass" "" $wanted }}{{ $found = true }}{{ end }}
{{- else }}
  {{- range (lookup "storage.k8s.io/v1" "StorageClass" "" "").items }}
    {{- if eq (dig "metadata" "annotations" "storageclass.kubernetes.io/is-default-class" "" .) "true" }}{{ $found = true }}{{ end }}
  {{- end }}
{{- end }}
{{- if not $found }}
  {{- $what := $wanted | empty | ternary "no default StorageClass" (printf "no StorageClass %q" $wanted) }}
  {{- fail (printf "\n\nThe cluster has %s for the database's volume. Name one (%s; `kubectl get storageclass` lists them), or use a database elsewhere (database.mode=external)." $what (index . 1)) }}
{{- end }}
{{- end }}

{{/* loljoa.preflight.builtin: what cannot be changed of the database that is there. Takes (list $ "StatefulSet"). */}}
{{- define "loljoa.preflight.builtin" -}}
{{- $root := index . 0 }}
{{- $builtin := $root.Values.database.builtin }}
{{- $there := index . 1 }}
{{- $name := $there.metadata.name }}
{{- $image := (first $there.spec.template.spec.containers).image }}
{{- $major := regexFind ":[0-9]+[^/]*$" $image | regexFind "[0-9]+" }}
{{- $wanted := regexFind "^[0-9]+" $builtin.version }}
{{- if and $major $wanted (ne $major $wanted) }}
  {{- fail (printf "\n\ndatabase.builtin.version: PostgreSQL %s does not read what PostgreSQL %s has written. Leave it at %s, or dump, delete the volume, and restore (docs/operations.md)." $wanted $major $major) }}
{{- end }}
{{- $claim := (first $there.spec.volumeClaimTemplates).spec }}
{{- $size := $claim.resources.requests.storage }}
{{- $isSame := or (eq $size $builtin.storage.size) (ne (regexReplaceAll "^[0-9]+" $size "") (regexReplaceAll "^[0-9]+" $builtin.storage.size "")) }}
{{- if not $isSame }}
  {{- fail (printf "\n\ndatabase.builtin.storage.size: the volume has %s, and Kubernetes changes no StatefulSet's volumes. Leave it, or let the volume grow first, if its StorageClass can, and have the StatefulSet made anew:\n\n  kubectl -n %s patch pvc data-%s-0 -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"%s\"}}}}'\n  kubectl -n %s delete statefulset %s --cascade=orphan\n" $size $root.Release.Namespace $name $builtin.storage.size $root.Release.Namespace $name) }}
{{- end }}
{{- $class := $claim.storageClassName | default "" }}
{{- if ne $class $builtin.storage.className }}
  {{- fail (printf "\n\ndatabase.builtin.storage.className: the volume is of %q already, and Kubernetes changes no StatefulSet's volumes. Leave it, or move the data by dump and restore (docs/operations.md)." ($class | default "the cluster's default")) }}
{{- end }}
{{- end }}
