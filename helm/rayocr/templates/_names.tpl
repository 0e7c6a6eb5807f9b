{{/* Names and labels. */}}

{{- define "rayocr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Of everything that is made. KubeRay takes 47 characters and appends to them. */}}
{{- define "rayocr.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "rayocr.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "rayocr.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes: selectors and pods have no more, or every new version of the chart would need new pods. */}}
{{- define "rayocr.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rayocr.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rayocr.labels" -}}
{{ include "rayocr.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "rayocr.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rayocr.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rayocr.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "rayocr.gpuImage" -}}
{{- $image := .Values.workers.gpu.image -}}
{{- $tag := default (printf "%s-gpu" (default .Chart.AppVersion .Values.image.tag)) $image.tag -}}
{{- printf "%s:%s" (default .Values.image.repository $image.repository) $tag -}}
{{- end -}}

{{/* Where clients find the service inside the cluster. */}}
{{- define "rayocr.url" -}}
{{- printf "http://%s.%s:%v" (include "rayocr.fullname" .) .Release.Namespace .Values.service.port -}}
{{- end -}}

{{- define "rayocr.redisSecretName" -}}
{{- if .Values.redis.existingSecret -}}
{{- .Values.redis.existingSecret -}}
{{- else if eq .Values.redis.mode "bundled" -}}
{{- include "rayocr.fullname" . }}-redis
{{- end -}}
{{- end -}}
