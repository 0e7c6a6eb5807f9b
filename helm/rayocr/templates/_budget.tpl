{{/* Budgets of disruptions: how many workers evictions leave. */}}

{{/* Of a number of workers, all stay but a share; one may always go. */}}
{{- define "rayocr.workersThatStay" -}}
{{- $share := divf (trimSuffix "%" (index . 0).Values.podDisruptionBudget.maxUnavailable | float64) 100.0 -}}
{{- max 0 (sub (index . 1) (max 1 (mulf (index . 1) $share | floor | int))) -}}
{{- end -}}

{{/*
The pools whose number of workers changes, as a list: Kubernetes can't tell how many of these there should be, so that a
Deployment keeps the numbers of their budgets.
*/}}
{{- define "rayocr.poolsWithKeptBudget" -}}
{{- $pools := list -}}
{{- if and .Values.podDisruptionBudget.enabled (kindIs "invalid" .Values.podDisruptionBudget.minAvailable) -}}
{{- range $pool, $group := dict "cpu" .Values.workers.cpu "gpu" .Values.workers.gpu -}}
{{- if and (or (eq $pool "cpu") $group.enabled) (gt (include "rayocr.mostWorkers" (list $ $group) | int) (int $group.minReplicas)) -}}
{{- $pools = append $pools $pool -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $pools -}}
{{- end -}}
