{{/*
The settings of rayocr: what values.settings says, over what the worker groups suggest. The run has to be told the
threads: their defaults follow the machine that it runs on, which here is Ray's head.
*/}}

{{/* How the actors share a CPU worker, as YAML: one is good for four threads, so that a larger worker holds several. */}}
{{- define "rayocr.shares" -}}
{{- $cpus := include "rayocr.workerCpus" .Values.workers.cpu | int -}}
{{- $perWorker := divf $cpus 4 | ceil | int -}}
cpus: {{ $cpus }}
perWorker: {{ $perWorker }}
threads: {{ divf $cpus $perWorker | ceil | int }}
workers: {{ include "rayocr.mostWorkers" (list . .Values.workers.cpu) }}
{{- end -}}

{{/* What the chart suggests, as YAML. */}}
{{- define "rayocr.suggestedSettings" -}}
{{- $shares := include "rayocr.shares" . | fromYaml -}}
{{- $gpuStages := include "rayocr.gpuStages" . | fromJsonArray -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
colocated: true
reader:
  num_cpus: {{ include "rayocr.hundredths" (divf $shares.cpus $shares.perWorker) }}
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
  num_cpus: {{ include "rayocr.hundredths" (divf (mulf (subf $shares.cpus 0.5) (ternary 1.0 0.7 (has "detection" $gpuStages))) $shares.perWorker) }}
  net: {device: cpu, threads: {{ $shares.threads }}}
{{- else }}
  num_cpus: {{ include "rayocr.hundredths" (divf (mulf (subf $shares.cpus 0.5) 0.3) $shares.perWorker) }}
  net: {device: cpu, threads: {{ min 2 $shares.threads }}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* All of them, as YAML. */}}
{{- define "rayocr.settings" -}}
{{- $settings := include "rayocr.suggestedSettings" . | fromYaml -}}
{{- include "rayocr.overlay" (list $settings (deepCopy .Values.settings)) -}}
{{- toYaml $settings -}}
{{- end -}}
