{{/* Arithmetic on the quantities of Kubernetes. The same file is in both charts; a test compares them. */}}

{{/* A quantity as a number: "500m" is 0.5, "2Gi" is 2147483648. */}}
{{- define "rayocr.quantity" -}}
{{- $units := dict "" 1.0 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- $unit := regexFind "[A-Za-z]*$" (toString .) -}}
{{- mulf (trimSuffix $unit (toString .) | float64) (get $units $unit) -}}
{{- end -}}

{{/* The CPUs that Ray hands out on a worker: the whole ones of its request, at least one. */}}
{{- define "rayocr.workerCpus" -}}
{{- max 1 (include "rayocr.quantity" .resources.requests.cpu | float64 | floor | int) -}}
{{- end -}}

{{/* Context and group: the most workers there will be. */}}
{{- define "rayocr.mostWorkers" -}}
{{- $group := index . 1 -}}
{{- ternary $group.maxReplicas $group.minReplicas (index . 0).Values.autoscaler.enabled | int -}}
{{- end -}}

{{/* Whole bytes. */}}
{{- define "rayocr.bytes" -}}
{{- include "rayocr.quantity" . | float64 | int64 -}}
{{- end -}}

{{/* A number of CPUs, cut to hundredths, so that shares never add up to more than the whole. */}}
{{- define "rayocr.hundredths" -}}
{{- divf (floor (mulf . 100.0)) 100.0 -}}
{{- end -}}
