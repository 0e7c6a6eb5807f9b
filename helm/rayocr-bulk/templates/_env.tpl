{{/*
Environment of every Ray container. The hook that keeps pandas and Arrow out of the service's processes is not here:
bulk runs need both.
*/}}
{{- define "rayocr.rayEnv" -}}
- {name: RAYOCR_CONFIG, value: {{ include "rayocr.settingsDirectory" . }}/settings.yaml}
- {name: RAY_JOB_STOP_WAIT_TIME_S, value: "30"}
- {name: RAY_task_events_report_interval_ms, value: "0"}
- {name: MALLOC_ARENA_MAX, value: "2"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- include "rayocr.storageEnv" . }}
{{- end -}}
