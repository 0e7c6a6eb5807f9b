{{/*
The settings of rayocr: what values.settings says, over what the worker groups suggest. The run has to be told the
threads: their defaults follow the machine that it runs on, which here is Ray's head.
*/}}

{{/* Writes the second dict over the first, maps within maps too. (mustMergeOverwrite would keep what 0 and false replace.) */}}
{{- define "rayocr-bulk.overlay" -}}
{{- $under := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $under $key)) -}}
{{- include "rayocr-bulk.overlay" (list (get $under $key) $value) -}}
{{- else -}}
{{- $_ := set $under $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether each actor holds all stages: "true" or "false". */}}
{{- define "rayocr-bulk.colocated" -}}
{{- $set := get .Values.settings "colocated" -}}
{{- if kindIs "bool" $set }}{{ $set }}{{ else }}{{ not .Values.workers.gpu.enabled }}{{ end -}}
{{- end -}}

{{/* The stages that run on GPUs, as a list: by default detection, where there is the group. */}}
{{- define "rayocr-bulk.gpuStages" -}}
{{- $stages := list -}}
{{- if .Values.workers.gpu.enabled -}}
{{- range $stage := list "detection" "recognition" -}}
{{- $own := default dict (get $.Values.settings $stage) -}}
{{- $device := dig "net" "device" (ternary "cuda" "cpu" (eq $stage "detection")) $own -}}
{{- if or (hasPrefix "cuda" $device) (gt (float64 (dig "num_gpus" 0 $own)) 0.0) -}}
{{- $stages = append $stages $stage -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $stages -}}
{{- end -}}

{{/* How the actors share a CPU worker, as YAML: one is good for four threads, so that a larger worker holds several. */}}
{{- define "rayocr-bulk.shares" -}}
{{- $cpus := include "rayocr-bulk.workerCpus" .Values.workers.cpu | int -}}
{{- $perWorker := divf $cpus 4 | ceil | int -}}
cpus: {{ $cpus }}
perWorker: {{ $perWorker }}
threads: {{ divf $cpus $perWorker | ceil | int }}
workers: {{ include "rayocr-bulk.mostWorkers" (list . .Values.workers.cpu) }}
{{- end -}}

{{/* What the chart suggests, as YAML. */}}
{{- define "rayocr-bulk.suggestedSettings" -}}
{{- $shares := include "rayocr-bulk.shares" . | fromYaml -}}
{{- $gpuStages := include "rayocr-bulk.gpuStages" . | fromJsonArray -}}
{{- if eq (include "rayocr-bulk.colocated" .) "true" -}}
colocated: true
reader:
  num_cpus: {{ include "rayocr-bulk.hundredths" (divf $shares.cpus $shares.perWorker) }}
detection:
  net: {device: cpu, threads: {{ min 2 $shares.threads }}}
recognition:
  net: {device: cpu, threads: {{ $shares.threads }}}
{{- else -}}
colocated: false
{{- range $stage := list "detection" "recognition" }}
{{ $stage }}:
{{- if has $stage $gpuStages }}
  # Ray hands out no CPUs of GPU workers, so that nothing but these actors takes them.
  num_cpus: 0
  num_gpus: {{ divf 1 (len $gpuStages) }}
  net: {device: cuda, threads: 2}
{{- else if eq $stage "recognition" }}
  # Half a CPU of a worker is left to fetch with.
  num_cpus: {{ include "rayocr-bulk.hundredths" (divf (mulf (subf $shares.cpus 0.5) (ternary 1.0 0.7 (has "detection" $gpuStages))) $shares.perWorker) }}
  net: {device: cpu, threads: {{ $shares.threads }}}
{{- else }}
  num_cpus: {{ include "rayocr-bulk.hundredths" (divf (mulf (subf $shares.cpus 0.5) 0.3) $shares.perWorker) }}
  net: {device: cpu, threads: {{ min 2 $shares.threads }}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* All of them, as YAML. */}}
{{- define "rayocr-bulk.settings" -}}
{{- $settings := include "rayocr-bulk.suggestedSettings" . | fromYaml -}}
{{- include "rayocr-bulk.overlay" (list $settings (deepCopy .Values.settings)) -}}
{{- toYaml $settings -}}
{{- end -}}
