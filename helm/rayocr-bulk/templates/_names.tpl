{{/* Names and labels. */}}

{{- define "rayocr-bulk.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Of everything that is made. KubeRay takes 47 characters. */}}
{{- define "rayocr-bulk.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "rayocr-bulk.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "rayocr-bulk.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of the RayJob and its settings: KubeRay runs a RayJob once, so that an upgrade of the release needs another one. */}}
{{- define "rayocr-bulk.jobName" -}}
{{- printf "%s-%d" (include "rayocr-bulk.fullname" .) (int .Release.Revision) -}}
{{- end -}}

{{- define "rayocr-bulk.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rayocr-bulk.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rayocr-bulk.labels" -}}
{{ include "rayocr-bulk.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "rayocr-bulk.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rayocr-bulk.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rayocr-bulk.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "rayocr-bulk.gpuImage" -}}
{{- $image := .Values.workers.gpu.image -}}
{{- $tag := default (printf "%s-gpu" (default .Chart.AppVersion .Values.image.tag)) $image.tag -}}
{{- printf "%s:%s" (default .Values.image.repository $image.repository) $tag -}}
{{- end -}}
