{{/* What all pods have in common, and the pods of Ray. The same file is in both charts; a test compares them. */}}

{{/* Metadata of a pod: context, component and the values of its group. */}}
{{- define "rayocr.podMetadata" -}}
{{- $ := index . 0 -}}
labels:
  {{- include "rayocr.raySelectorLabels" $ | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
  {{- with merge dict (get (index . 2) "podLabels" | default dict) $.Values.podLabels $.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge dict (get (index . 2) "podAnnotations" | default dict) $.Values.podAnnotations $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The part of a pod's spec that is not about its containers: context, component and the values of its group, which go
before those of all pods. Workers spread; a constraint without a selector counts the pods of its group.
*/}}
{{- define "rayocr.podSpec" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- $group := index . 2 -}}
{{- $spec := dict -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" "schedulerName" -}}
{{- with default (get $.Values $key) (get $group $key) -}}
{{- $_ := set $spec $key . -}}
{{- end -}}
{{- end -}}
{{- with default $.Values.podSecurityContext $group.podSecurityContext -}}
{{- $_ := set $spec "securityContext" . -}}
{{- end -}}
{{- $secrets := list -}}
{{- range concat $.Values.global.imagePullSecrets $.Values.imagePullSecrets -}}
{{- $secrets = append $secrets (ternary . (dict "name" .) (kindIs "map" .)) -}}
{{- end -}}
{{- with uniq $secrets -}}
{{- $_ := set $spec "imagePullSecrets" . -}}
{{- end -}}
{{- if hasPrefix "worker-" $component -}}
{{- $selector := dict "matchLabels" (include "rayocr.raySelectorLabels" $ | fromYaml | merge (dict "app.kubernetes.io/component" $component)) -}}
{{- $constraints := list -}}
{{- range default $.Values.topologySpreadConstraints $group.topologySpreadConstraints -}}
{{- $constraints = append $constraints (ternary . (merge (dict "labelSelector" $selector) .) (hasKey . "labelSelector")) -}}
{{- end -}}
{{- with $constraints -}}
{{- $_ := set $spec "topologySpreadConstraints" . -}}
{{- end -}}
{{- end -}}
# Links would be variables such as RAYOCR_PORT for a Service named rayocr, and the settings refuse unknown RAYOCR_*.
enableServiceLinks: false
{{- with $spec }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What every container has: context, name, image, requests and limits. */}}
{{- define "rayocr.container" -}}
{{- $ := index . 0 -}}
name: {{ index . 1 }}
image: {{ index . 2 }}
imagePullPolicy: {{ $.Values.image.pullPolicy }}
resources:
  {{- toYaml (index . 3) | nindent 2 }}
{{- with $.Values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The root file system is read only: what programs write lies on these. */}}
{{- define "rayocr.writableMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /home/rayocr}
{{- end -}}

{{- define "rayocr.writableVolumes" -}}
- {name: tmp, emptyDir: {sizeLimit: {{ .Values.scratch.tmp }}}}
- {name: home, emptyDir: {sizeLimit: {{ .Values.scratch.home }}}}
{{- end -}}

{{/*
The pod of a Ray node, as a dict: `root`, the context; `component`; `group`, its values; `container`, `image` and
`resources` of Ray's container; `objectStore`, its bytes; and as YAML what only this pod has: `spec`, `fields` of the
container, `env`, `initContainers`, `volumes` and `mounts`.
*/}}
{{- define "rayocr.rayPod" -}}
{{- $ := .root -}}
metadata:
  {{- include "rayocr.podMetadata" (list $ .component .group) | nindent 2 }}
spec:
  {{- include "rayocr.podSpec" (list $ .component .group) | nindent 2 }}
  {{- with .spec }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if or .initContainers $.Values.initContainers }}
  initContainers:
    {{- with .initContainers }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $.Values.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - {{- include "rayocr.container" (list $ .container .image .resources) | nindent 6 }}
      {{- .fields | nindent 6 }}
      env:
        {{- /* KubeRay refuses a name that is there twice: the variable of extraEnv goes before the chart's. */}}
        {{- $names := list }}
        {{- range $.Values.extraEnv }}
        {{- $names = append $names .name }}
        {{- end }}
        {{- range fromYamlArray .env }}
        {{- if not (has .name $names) }}
        - {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- end }}
        {{- with $.Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $.Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # What KubeRay would ask too, within other bounds.
      livenessProbe:
        httpGet: {path: /api/healthz, port: 52365}
        {{- toYaml $.Values.livenessProbe | nindent 8 }}
      volumeMounts:
        {{- include "rayocr.writableMounts" . | nindent 8 }}
        - {name: shared-memory, mountPath: /dev/shm}
        {{- with .mounts }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $.Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $.Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "rayocr.writableVolumes" $ | nindent 4 }}
    # A quarter more than the object store: Ray takes its share from what is free.
    - {name: shared-memory, emptyDir: {medium: Memory, sizeLimit: {{ divf (mul .objectStore 5) 4 | int64 | quote }}}}
    {{- with .volumes }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $.Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The resources of a worker: pool and group. */}}
{{- define "rayocr.workerResources" -}}
{{- $group := index . 1 -}}
{{- $resources := deepCopy $group.resources -}}
{{- if eq (index . 0) "gpu" -}}
{{- $_ := set $resources "limits" (merge (dict $group.resourceName $group.gpus) (default dict $resources.limits)) -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* How Ray's containers reach S3. */}}
{{- define "rayocr.storageEnv" -}}
{{- with .Values.storage }}
{{- with .endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .region }}
- {name: AWS_REGION, value: {{ . | quote }}}
{{- end }}
{{- if eq .auth "secret" }}
{{- range $key := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ $key }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.storage.existingSecret }}, key: {{ $key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Ray's autoscaler beside the head, and the token of Ray's ports: parts of a Ray cluster's spec. */}}
{{- define "rayocr.clusterOptions" -}}
enableInTreeAutoscaling: {{ .Values.autoscaler.enabled }}
{{- if .Values.autoscaler.enabled }}
autoscalerOptions:
  version: v2
  idleTimeoutSeconds: {{ .Values.autoscaler.idleTimeoutSeconds }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  env:
    - {name: RAY_ROTATION_MAX_BYTES, value: "10000000"}
  resources:
    {{- toYaml .Values.autoscaler.resources | nindent 4 }}
  {{- with .Values.containerSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "rayocr.writableMounts" . | nindent 4 }}
{{- end }}
{{- if .Values.rayToken.enabled }}
authOptions:
  mode: token
  {{- with .Values.rayToken.existingSecret }}
  secretName: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
