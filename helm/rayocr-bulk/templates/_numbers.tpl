{{/* Arithmetic on the quantities of Kubernetes. */}}

{{/* Thousandths of a CPU in "2", 2, 0.5 or "500m". */}}
{{- define "rayocr-bulk.millicpus" -}}
{{- $quantity := toString . -}}
{{- if hasSuffix "m" $quantity -}}
{{- trimSuffix "m" $quantity | int -}}
{{- else -}}
{{- mulf (float64 $quantity) 1000.0 | int -}}
{{- end -}}
{{- end -}}

{{/* The whole CPUs of a worker's request, at least one. */}}
{{- define "rayocr-bulk.workerCpus" -}}
{{- max 1 (div (include "rayocr-bulk.millicpus" .resources.requests.cpu | int) 1000) -}}
{{- end -}}

{{/* Context and group: the most workers there will be. */}}
{{- define "rayocr-bulk.mostWorkers" -}}
{{- $group := index . 1 -}}
{{- ternary $group.maxReplicas $group.minReplicas (index . 0).Values.autoscaler.enabled | int -}}
{{- end -}}

{{/* Bytes in "512Mi" or "1Gi". */}}
{{- define "rayocr-bulk.bytes" -}}
{{- $units := dict "Mi" 1048576 "Gi" 1073741824 -}}
{{- $unit := substr (sub (len .) 2 | int) (len .) . -}}
{{- mul (trimSuffix $unit . | int) (get $units $unit) -}}
{{- end -}}

{{/* A number of CPUs, cut to hundredths, so that shares never add up to more than the whole. */}}
{{- define "rayocr-bulk.hundredths" -}}
{{- divf (floor (mulf . 100.0)) 100.0 -}}
{{- end -}}
