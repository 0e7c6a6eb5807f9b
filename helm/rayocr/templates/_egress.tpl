{{/*
What pods may open connections to: the same file is in both charts, and a test compares them. Kubernetes knows no names
of hosts here: where an address is not given, only its port is checked.
*/}}

{{- define "rayocr.egressPolicy" -}}
{{- $egress := .Values.networkPolicy.egress -}}
{{- $release := dict "podSelector" (dict "matchLabels" (include "rayocr.raySelectorLabels" . | fromYaml)) -}}
{{- $rules := list (dict "ports" (list (dict "port" 53 "protocol" "UDP") (dict "port" 53 "protocol" "TCP"))) -}}
{{- $rules = append $rules (dict "to" (list $release)) -}}
{{- if ne .Values.storage.auth "none" -}}
{{- $url := urlParse (default "https://s3" .Values.storage.endpoint) -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- $rules = append $rules (include "rayocr.egressRule" (list $egress.storage $port) | fromYaml) -}}
{{- end -}}
{{- with .Values.redis -}}
{{- if eq .mode "external" -}}
{{- $rules = append $rules (include "rayocr.egressRule" (list $egress.redis (regexFind "[0-9]+$" .address | default "6379")) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- $rules = append $rules (include "rayocr.egressRule" (list $egress.apiServer "443" "6443") | fromYaml) -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "rayocr.metadata" (list . (printf "%s-egress" (include "rayocr.fullname" .)) dict dict) | nindent 2 }}
spec:
  {{- toYaml $release | nindent 2 }}
  policyTypes: [Egress]
  # Names; this release; storage; Redis; Kubernetes itself, for the autoscaler and `helm test`; and what the values add.
  egress:
    {{- toYaml (concat $rules $egress.extra) | nindent 4 }}
{{- end -}}

{{/* One rule: peers, and ports. */}}
{{- define "rayocr.egressRule" -}}
ports:
  {{- range rest . }}
  - port: {{ . }}
  {{- end }}
{{- with first . }}
to:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
