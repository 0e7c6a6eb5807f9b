{{/* Names, labels and images. The same file is in both charts; a test compares them. */}}

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

{{/*
What never changes: selectors and pods have no more, or every new version of the chart would need new pods. Ray's pods
have no name of ours: KubeRay's Services select the head by the name that KubeRay gives it.
*/}}
{{- define "rayocr.raySelectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rayocr.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rayocr.name" . }}
{{ include "rayocr.raySelectorLabels" . }}
{{- end -}}

{{/* Labels of an object: context, and more of them as a map. */}}
{{- define "rayocr.labels" -}}
{{- $ := index . 0 -}}
{{ include "rayocr.selectorLabels" $ }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- with merge dict (index . 1) $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata of an object: context, name, and more labels and annotations as maps. */}}
{{- define "rayocr.metadata" -}}
{{- $ := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $.Release.Namespace }}
labels:
  {{- include "rayocr.labels" (list $ (index . 2)) | nindent 2 }}
{{- with merge dict (index . 3) $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rayocr.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rayocr.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* An image's address: context and address. `global.imageRegistry` takes the place of its registry, if it names one. */}}
{{- define "rayocr.fromRegistry" -}}
{{- $parts := splitList "/" (index . 1) -}}
{{- with (index . 0).Values.global.imageRegistry -}}
{{- $named := and (gt (len $parts) 1) (regexMatch "[.:]|^localhost$" (first $parts)) -}}
{{- $parts = prepend (ternary (rest $parts) $parts $named) (trimSuffix "/" .) -}}
{{- end -}}
{{- join "/" $parts -}}
{{- end -}}

{{- define "rayocr.image" -}}
{{- $image := .Values.image -}}
{{- $tag := default .Chart.AppVersion $image.tag -}}
{{- include "rayocr.fromRegistry" (list . (printf "%s%s" $image.repository (include "rayocr.version" (list $tag $image.digest)))) -}}
{{- end -}}

{{- define "rayocr.gpuImage" -}}
{{- $image := .Values.workers.gpu.image -}}
{{- $tag := default (printf "%s-gpu" (default .Chart.AppVersion .Values.image.tag)) $image.tag -}}
{{- $repository := default .Values.image.repository $image.repository -}}
{{- include "rayocr.fromRegistry" (list . (printf "%s%s" $repository (include "rayocr.version" (list $tag $image.digest)))) -}}
{{- end -}}

{{/* Tag and digest. A digest alone says which image it is. */}}
{{- define "rayocr.version" -}}
{{- if index . 1 }}@{{ index . 1 }}{{ else }}:{{ index . 0 }}{{ end -}}
{{- end -}}
