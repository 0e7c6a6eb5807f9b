{{/* Monitoring. The same file is in both charts; a test compares them. */}}

{{/* How Prometheus reads the metrics of a pod. The dashboard and the alerts know the release by the label `release`. */}}
{{- define "rayocr.scraping" -}}
interval: {{ .Values.monitoring.interval }}
relabelings:
  - {targetLabel: release, replacement: {{ .Release.Name }}}
  - {sourceLabels: [__meta_kubernetes_pod_label_ray_io_cluster], targetLabel: ray_cluster}
  - {sourceLabels: [__meta_kubernetes_pod_label_ray_io_group], targetLabel: group}
{{- end -}}

{{/* The labels of this release's metrics. */}}
{{- define "rayocr.ofRelease" -}}
{{- printf "namespace=%q,release=%q" .Release.Namespace .Release.Name -}}
{{- end -}}
