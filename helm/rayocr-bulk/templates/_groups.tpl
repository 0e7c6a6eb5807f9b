{{/* The groups of Ray nodes: the head, and workers by the name of their pool; and the pod that starts the run. */}}

{{/* Results on their way to the writer. */}}
{{- define "rayocr-bulk.headObjectStore" -}}
268435456
{{- end -}}

{{- define "rayocr-bulk.headGroup" -}}
rayStartParams:
  # No OCR on the head: its end would be the run's.
  num-cpus: "0"
  object-store-memory: {{ include "rayocr-bulk.headObjectStore" . | quote }}
template:
  metadata:
    {{- include "rayocr-bulk.podMetadata" (list . "head") | nindent 4 }}
  spec:
    {{- include "rayocr-bulk.podSpec" . | nindent 4 }}
    {{- with include "rayocr-bulk.placement" (list . "head" .Values.head) }}
    {{- . | nindent 4 }}
    {{- end }}
    # With its head the run is lost: a new Ray cluster goes on, which starts it when all workers are there.
    restartPolicy: Never
    {{- if or (eq .Values.storage.auth "serviceAccount") (not .Values.autoscaler.enabled) }}
    serviceAccountName: {{ include "rayocr-bulk.serviceAccountName" . }}
    {{- end }}
    # The autoscaler asks the API server; without it nothing here does. IRSA and the like mount tokens of their own.
    automountServiceAccountToken: {{ .Values.autoscaler.enabled }}
    containers:
      - name: ray-head
        image: {{ include "rayocr-bulk.image" . }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        ports:
          - {name: gcs-server, containerPort: 6379}
          - {name: dashboard, containerPort: 8265}
          - {name: metrics, containerPort: 8080}
        env:
          {{- include "rayocr-bulk.env" . | nindent 10 }}
        {{- with .Values.extraEnvFrom }}
        envFrom:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        resources:
          {{- toYaml .Values.head.resources | nindent 10 }}
        {{- include "rayocr-bulk.securityContext" . | nindent 8 }}
        volumeMounts:
          {{- include "rayocr-bulk.volumeMounts" . | nindent 10 }}
    volumes:
      {{- include "rayocr-bulk.volumes" (list . (include "rayocr-bulk.headObjectStore" . | int64)) | nindent 6 }}
{{- end -}}

{{/* Context, pool, image and the group's values. */}}
{{- define "rayocr-bulk.workerGroup" -}}
{{- $ := index . 0 -}}
{{- $pool := index . 1 -}}
{{- $group := index . 3 -}}
{{- $component := printf "worker-%s" $pool -}}
{{- $objectStore := include "rayocr-bulk.bytes" $group.objectStore | int64 -}}
groupName: {{ $pool }}
minReplicas: {{ $group.minReplicas }}
maxReplicas: {{ include "rayocr-bulk.mostWorkers" (list $ $group) }}
rayStartParams:
  {{- if eq $pool "gpu" }}
  # Nothing but actors that need a GPU; what their CPUs do is not counted.
  num-cpus: "0"
  {{- else }}
  num-cpus: {{ include "rayocr-bulk.workerCpus" $group | quote }}
  {{- end }}
  object-store-memory: {{ $objectStore | quote }}
template:
  metadata:
    {{- include "rayocr-bulk.podMetadata" (list $ $component) | nindent 4 }}
  spec:
    {{- include "rayocr-bulk.podSpec" $ | nindent 4 }}
    {{- with include "rayocr-bulk.placement" (list $ $component $group) }}
    {{- . | nindent 4 }}
    {{- end }}
    serviceAccountName: {{ include "rayocr-bulk.serviceAccountName" $ }}
    automountServiceAccountToken: false
    containers:
      - name: ray-worker
        image: {{ index . 2 }}
        imagePullPolicy: {{ $.Values.image.pullPolicy }}
        ports:
          - {name: metrics, containerPort: 8080}
        env:
          {{- include "rayocr-bulk.env" $ | nindent 10 }}
        {{- with $.Values.extraEnvFrom }}
        envFrom:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        resources:
          {{- $resources := deepCopy $group.resources }}
          {{- if eq $pool "gpu" }}
          {{- $_ := set $resources "limits" (merge (dict $group.resourceName $group.gpus) (default dict $resources.limits)) }}
          {{- end }}
          {{- toYaml $resources | nindent 10 }}
        {{- include "rayocr-bulk.securityContext" $ | nindent 8 }}
        volumeMounts:
          {{- include "rayocr-bulk.volumeMounts" $ | nindent 10 }}
    volumes:
      {{- include "rayocr-bulk.volumes" (list $ $objectStore) | nindent 6 }}
{{- end -}}

{{/* The pod that starts the run and prints its log. */}}
{{- define "rayocr-bulk.submitter" -}}
metadata:
  {{- include "rayocr-bulk.podMetadata" (list . "submitter") | nindent 2 }}
spec:
  {{- include "rayocr-bulk.podSpec" . | nindent 2 }}
  {{- with include "rayocr-bulk.placement" (list . "submitter" .Values.head) }}
  {{- . | nindent 2 }}
  {{- end }}
  restartPolicy: Never
  automountServiceAccountToken: false
  containers:
    - name: ray-job-submitter
      image: {{ include "rayocr-bulk.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      resources:
        {{- toYaml .Values.job.resources | nindent 8 }}
      {{- include "rayocr-bulk.securityContext" . | nindent 6 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: home, mountPath: /home/rayocr}
  volumes:
    - {name: tmp, emptyDir: {}}
    - {name: home, emptyDir: {}}
{{- end -}}
