{{/* Parts of the RayService. */}}

{{/* What Ray Serve runs, in the form of `serve deploy`. */}}
{{- define "rayocr.serveConfig" -}}
proxy_location: EveryNode
http_options: {host: 0.0.0.0, port: 8000}
logging_config: {encoding: JSON, log_level: {{ .Values.logLevel }}}
applications:
  - name: rayocr
    route_prefix: {{ include "rayocr.rootPath" . | default "/" }}
    import_path: serve.app:build_app
    args:
      {{- include "rayocr.settings" . | nindent 6 }}
{{- end -}}

{{/* Long enough for requests that the old cluster took before the new one took over. */}}
{{- define "rayocr.deletionDelaySeconds" -}}
{{- if kindIs "invalid" .Values.upgrade.deletionDelaySeconds -}}
{{- add 10 (include "rayocr.requestSeconds" . | int) -}}
{{- else -}}
{{- .Values.upgrade.deletionDelaySeconds | int -}}
{{- end -}}
{{- end -}}

{{/* Prefix of all paths; empty for none. */}}
{{- define "rayocr.rootPath" -}}
{{- dig "http" "root_path" "" .Values.settings -}}
{{- end -}}

{{/* Where clients find the service inside the cluster. */}}
{{- define "rayocr.url" -}}
{{- printf "http://%s.%s:%v%s" (include "rayocr.fullname" .) .Release.Namespace .Values.service.port (include "rayocr.rootPath" .) -}}
{{- end -}}
