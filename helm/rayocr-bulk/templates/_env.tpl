{{/*
Environment of every Ray container. The hook that keeps pandas and Arrow out of the service's processes is not here:
bulk runs need both.
*/}}
{{- define "rayocr-bulk.env" -}}
- {name: RAYOCR_CONFIG, value: {{ include "rayocr-bulk.settingsDirectory" . }}/settings.yaml}
- {name: RAY_JOB_STOP_WAIT_TIME_S, value: "30"}
- {name: RAY_task_events_report_interval_ms, value: "0"}
- {name: MALLOC_ARENA_MAX, value: "2"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- with .Values.storage }}
{{- with .endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .region }}
- {name: AWS_REGION, value: {{ . | quote }}}
{{- end }}
{{- if eq .auth "secret" }}
{{- range $key := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ $key }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.storage.existingSecret }}, key: {{ $key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
