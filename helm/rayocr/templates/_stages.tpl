{{/* Which stage runs where. The same file is in both charts; a test compares them. */}}

{{/* Writes the second dict over the first, maps within maps too. (mustMergeOverwrite would keep what 0 and false replace.) */}}
{{- define "rayocr.overlay" -}}
{{- $under := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $under $key)) -}}
{{- include "rayocr.overlay" (list (get $under $key) $value) -}}
{{- else -}}
{{- $_ := set $under $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether each replica, or each actor of a bulk run, holds all stages: "true" or "false". */}}
{{- define "rayocr.colocated" -}}
{{- $set := get .Values.settings "colocated" -}}
{{- if kindIs "bool" $set }}{{ $set }}{{ else }}{{ not .Values.workers.gpu.enabled }}{{ end -}}
{{- end -}}

{{/* The stages, as a list; structure is one of them where it is switched on. */}}
{{- define "rayocr.stages" -}}
{{- $stages := list "preprocess" "detection" "recognition" -}}
{{- if dig "enabled" (eq (include "rayocr.colocated" .) "true") (default dict .Values.settings.structure) -}}
{{- $stages = append $stages "structure" -}}
{{- end -}}
{{- toJson $stages -}}
{{- end -}}

{{/* The stages that run on GPUs, as a list: by default detection, where there is the group. */}}
{{- define "rayocr.gpuStages" -}}
{{- $stages := list -}}
{{- if .Values.workers.gpu.enabled -}}
{{- range $stage := list "detection" "recognition" "structure" -}}
{{- $own := default dict (get $.Values.settings $stage) -}}
{{- $device := dig "net" "device" (ternary "cuda" "cpu" (eq $stage "detection")) $own -}}
{{- if or (hasPrefix "cuda" $device) (gt (float64 (dig "num_gpus" 0 $own)) 0.0) -}}
{{- $stages = append $stages $stage -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $stages -}}
{{- end -}}
