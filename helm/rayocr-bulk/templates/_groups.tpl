{{/* The groups of Ray nodes: the head, and workers by the name of their pool; and the pod that starts the run. */}}

{{/* Results on their way to the writer. */}}
{{- define "rayocr.headObjectStore" -}}
268435456
{{- end -}}

{{- define "rayocr.headGroup" -}}
rayStartParams:
  # No OCR on the head: its end would be the run's.
  num-cpus: "0"
  object-store-memory: {{ include "rayocr.headObjectStore" . | quote }}
template:
  {{- include "rayocr.rayPod" (dict
        "root" . "component" "head" "group" .Values.head
        "container" "ray-head" "image" (include "rayocr.image" .) "resources" .Values.head.resources
        "objectStore" (include "rayocr.headObjectStore" . | int64)
        "spec" (include "rayocr.headSpec" .) "fields" (include "rayocr.headFields" .) "env" (include "rayocr.rayEnv" .)
        "volumes" (include "rayocr.settingsVolume" .) "mounts" (include "rayocr.settingsMount" .)
      ) | nindent 2 }}
{{- end -}}

{{- define "rayocr.headSpec" -}}
# With its head the run is lost: a new Ray cluster goes on, which starts it when all workers are there.
restartPolicy: Never
{{- if or (eq .Values.storage.auth "serviceAccount") (not .Values.autoscaler.enabled) }}
serviceAccountName: {{ include "rayocr.serviceAccountName" . }}
{{- end }}
# The autoscaler asks the API server; without it nothing here does. IRSA and the like mount tokens of their own.
automountServiceAccountToken: {{ .Values.autoscaler.enabled }}
{{- end -}}

{{- define "rayocr.headFields" -}}
ports:
  - {name: gcs-server, containerPort: 6379}
  - {name: dashboard, containerPort: 8265}
  - {name: metrics, containerPort: 8080}
{{- end -}}

{{/* Context, pool, image and the group's values. */}}
{{- define "rayocr.workerGroup" -}}
{{- $ := index . 0 -}}
{{- $pool := index . 1 -}}
{{- $group := index . 3 -}}
{{- $objectStore := include "rayocr.bytes" $group.objectStore | int64 -}}
groupName: {{ $pool }}
minReplicas: {{ $group.minReplicas }}
maxReplicas: {{ include "rayocr.mostWorkers" (list $ $group) }}
rayStartParams:
  {{- if eq $pool "gpu" }}
  # Nothing but actors that need a GPU; what their CPUs do is not counted.
  num-cpus: "0"
  # KubeRay counts only resources whose name ends in gpu, not the parts of one (MIG).
  num-gpus: {{ $group.gpus | quote }}
  {{- else }}
  num-cpus: {{ include "rayocr.workerCpus" $group | quote }}
  {{- end }}
  object-store-memory: {{ $objectStore | quote }}
template:
  {{- include "rayocr.rayPod" (dict
        "root" $ "component" (printf "worker-%s" $pool) "group" $group
        "container" "ray-worker" "image" (index . 2)
        "resources" (include "rayocr.workerResources" (list $pool $group) | fromYaml)
        "objectStore" $objectStore
        "spec" (include "rayocr.workerSpec" $) "fields" (include "rayocr.workerFields" $) "env" (include "rayocr.rayEnv" $)
        "volumes" (include "rayocr.settingsVolume" $) "mounts" (include "rayocr.settingsMount" $)
      ) | nindent 2 }}
{{- end -}}

{{- define "rayocr.workerSpec" -}}
serviceAccountName: {{ include "rayocr.serviceAccountName" . }}
automountServiceAccountToken: false
{{- end -}}

{{- define "rayocr.workerFields" -}}
ports:
  - {name: metrics, containerPort: 8080}
{{- end -}}

{{/* The settings, as a file. */}}
{{- define "rayocr.settingsDirectory" -}}
/etc/rayocr/settings
{{- end -}}

{{- define "rayocr.settingsVolume" -}}
- {name: settings, configMap: {name: {{ include "rayocr.jobName" . }}}}
{{- end -}}

{{- define "rayocr.settingsMount" -}}
- {name: settings, mountPath: {{ include "rayocr.settingsDirectory" . }}, readOnly: true}
{{- end -}}

{{/* The pod that starts the run and prints its log. */}}
{{- define "rayocr.submitter" -}}
metadata:
  {{- include "rayocr.podMetadata" (list . "submitter" dict) | nindent 2 }}
spec:
  {{- include "rayocr.podSpec" (list . "submitter" .Values.head) | nindent 2 }}
  restartPolicy: Never
  automountServiceAccountToken: false
  containers:
    - {{- include "rayocr.container" (list . "ray-job-submitter" (include "rayocr.image" .) .Values.job.resources) | nindent 6 }}
      volumeMounts:
        {{- include "rayocr.writableMounts" . | nindent 8 }}
  volumes:
    {{- include "rayocr.writableVolumes" . | nindent 4 }}
{{- end -}}
