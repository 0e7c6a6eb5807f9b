{{/*
The settings of rayocr: what values.settings says, over what the worker groups suggest. An app builder has to be told
the threads: its defaults follow the machine that it runs on, which here is Ray's head.
*/}}

{{/* What the chart suggests, as YAML. A worker's CPUs are shared out so that one of everything fits on it. */}}
{{- define "rayocr.suggestedSettings" -}}
{{- $cpu := .Values.workers.cpu -}}
{{- $workers := dict "min" (int $cpu.minReplicas) "max" (include "rayocr.mostWorkers" (list . $cpu) | int) -}}
{{- $cpus := include "rayocr.workerCpus" $cpu | int -}}
{{- /* A replica is good for four threads (docs/how-to/operations.md); a larger worker holds several. */ -}}
{{- $perWorker := divf $cpus 4 | ceil | int -}}
{{- $threads := divf $cpus $perWorker | ceil | int -}}
{{- /* Room for two ingress replicas, 0.2 each. */ -}}
{{- $free := subf $cpus 0.4 -}}
{{- $gpuStages := include "rayocr.gpuStages" . | fromJsonArray -}}
{{- /* Stages may finish what they hold for as long as the ingress waits for it: a drained worker then ends as a whole. */ -}}
{{- $grace := include "rayocr.requestSeconds" . -}}
http:
  replicas: {{ min 2 $workers.min }}
  {{- if ge $workers.min 2 }}
  {{- /* Spread over the workers, so that the end of one does not take all. */}}
  max_replicas_per_node: {{ divf (dig "http" "replicas" 2 $.Values.settings) $workers.min | ceil | int }}
  {{- end }}
  label_selector: {rayocr/pool: cpu}
  {{- if .Values.apiKeys.existingSecret }}
  api_keys_directory: {{ include "rayocr.apiKeysDirectory" . }}
  {{- if .Values.apiKeys.accessSecret }}
  access_file: {{ include "rayocr.accessDirectory" . }}/access.yaml
  {{- end }}
  {{- end }}
{{- with .Values.storage.readyBuckets }}
storage:
  ready_buckets: {{ toJson . }}
{{- end }}
{{- if eq (include "rayocr.colocated" .) "true" }}
colocated: true
reader:
  graceful_shutdown_s: {{ $grace }}
  num_cpus: {{ include "rayocr.hundredths" (divf $free $perWorker) }}
  label_selector: {rayocr/pool: cpu}
  scaling: {min_replicas: {{ mul $perWorker $workers.min }}, max_replicas: {{ mul $perWorker $workers.max }}}
detection:
  net: {device: cpu, threads: {{ min 2 $threads }}}
recognition:
  net: {device: cpu, threads: {{ $threads }}}
structure:
  net: {device: cpu}
{{- else }}
{{- $stages := include "rayocr.stages" . | fromJsonArray }}
{{- if has "structure" $stages }}
{{- /* The shares of the others are of the rest. */}}
{{- $structure := mulf $free 0.15 }}
{{- $free = subf $free $structure }}
structure:
  graceful_shutdown_s: {{ $grace }}
{{- if has "structure" $gpuStages }}
{{- include "rayocr.suggestedGpuStage" (list $ "structure" (len $gpuStages)) | nindent 2 }}
{{- else }}
  num_cpus: {{ include "rayocr.hundredths" (divf $structure $perWorker) }}
  label_selector: {rayocr/pool: cpu}
  net: {device: cpu}
  scaling: {min_replicas: {{ mul $perWorker $workers.min }}, max_replicas: {{ mul $perWorker $workers.max }}}
{{- end }}
{{- end }}
{{- $shares := dict "preprocess" 0.1 "detection" 0.3 "recognition" 0.6 }}
{{- if $gpuStages }}
{{- $shares = ternary (dict "preprocess" 0.15 "recognition" 0.85) (dict "preprocess" 1.0) (not (has "recognition" $gpuStages)) }}
{{- end }}
colocated: false
preprocess:
  graceful_shutdown_s: {{ $grace }}
  num_cpus: {{ include "rayocr.hundredths" (mulf $free $shares.preprocess) }}
  label_selector: {rayocr/pool: cpu}
  scaling: {min_replicas: {{ $workers.min }}, max_replicas: {{ $workers.max }}}
{{- range $stage := list "detection" "recognition" }}
{{ $stage }}:
  graceful_shutdown_s: {{ $grace }}
{{- if has $stage $gpuStages }}
{{- include "rayocr.suggestedGpuStage" (list $ $stage (len $gpuStages)) | nindent 2 }}
{{- else }}
  num_cpus: {{ include "rayocr.hundredths" (divf (mulf $free (get $shares $stage)) $perWorker) }}
  label_selector: {rayocr/pool: cpu}
  net: {device: cpu, threads: {{ ternary (min 2 $threads) $threads (eq $stage "detection") }}}
  scaling: {min_replicas: {{ mul $perWorker $workers.min }}, max_replicas: {{ mul $perWorker $workers.max }}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Of a stage on GPUs: context, its name, and how many stages share the GPUs. */}}
{{- define "rayocr.suggestedGpuStage" -}}
{{- $ := index . 0 -}}
{{- $stages := index . 2 -}}
{{- $gpu := $.Values.workers.gpu -}}
{{- $maxWorkers := include "rayocr.mostWorkers" (list $ $gpu) | int -}}
{{- $own := default dict (get $.Values.settings (index . 1)) -}}
{{- $numGpus := dig "num_gpus" (divf 1 $stages) $own | float64 -}}
{{- $perWorker := 1 -}}
{{- if gt $numGpus 0.0 -}}
{{- $perWorker = max 1 (divf (divf $gpu.gpus $stages) $numGpus | floor | int) -}}
{{- end -}}
{{- $cpus := include "rayocr.workerCpus" $gpu | int -}}
{{- $share := divf $cpus (mul $perWorker $stages) -}}
num_cpus: {{ include "rayocr.hundredths" $share }}
num_gpus: {{ $numGpus }}
label_selector: {rayocr/pool: gpu}
net: {device: cuda, threads: {{ min 2 (ceil $share | int) }}}
scaling: {min_replicas: {{ mul $perWorker $gpu.minReplicas }}, max_replicas: {{ mul $perWorker $maxWorkers }}}
{{- end -}}

{{/* All of them, as YAML. */}}
{{- define "rayocr.settings" -}}
{{- $settings := include "rayocr.suggestedSettings" . | fromYaml -}}
{{- include "rayocr.overlay" (list $settings (deepCopy .Values.settings)) -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* How long a request may take that does not set its own time, in whole seconds. */}}
{{- define "rayocr.requestSeconds" -}}
{{- include "rayocr.seconds" (dig "http" "request_timeout_s" 60 .Values.settings) -}}
{{- end -}}

{{/* Whole seconds, upwards. */}}
{{- define "rayocr.seconds" -}}
{{- ceil (float64 .) | int -}}
{{- end -}}

{{- define "rayocr.apiKeysDirectory" -}}
/etc/rayocr/api-keys
{{- end -}}

{{- define "rayocr.accessDirectory" -}}
/etc/rayocr/access
{{- end -}}
