{{/* Arithmetic on the quantities of Kubernetes. */}}

{{/* Thousandths of a CPU in "2", 2, 0.5 or "500m". */}}
{{- define "rayocr.millicpus" -}}
{{- $quantity := toString . -}}
{{- if hasSuffix "m" $quantity -}}
{{- trimSuffix "m" $quantity | int -}}
{{- else -}}
{{- mulf (float64 $quantity) 1000.0 | int -}}
{{- end -}}
{{- end -}}

{{/* The CPUs that Ray hands out on a worker: the whole ones of its request, at least one. */}}
{{- define "rayocr.workerCpus" -}}
{{- max 1 (div (include "rayocr.millicpus" .resources.requests.cpu | int) 1000) -}}
{{- end -}}

{{/* Bytes in "512Mi" or "1Gi". */}}
{{- define "rayocr.bytes" -}}
{{- $units := dict "Mi" 1048576 "Gi" 1073741824 -}}
{{- $unit := substr (sub (len .) 2 | int) (len .) . -}}
{{- mul (trimSuffix $unit . | int) (get $units $unit) -}}
{{- end -}}

{{/* A number of CPUs, cut to hundredths, so that shares never add up to more than the whole. */}}
{{- define "rayocr.hundredths" -}}
{{- divf (floor (mulf . 100.0)) 100.0 -}}
{{- end -}}

{{/* Whole seconds, upwards. */}}
{{- define "rayocr.seconds" -}}
{{- ceil (float64 .) | int -}}
{{- end -}}
