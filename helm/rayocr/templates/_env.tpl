{{/*
What `rayocr serve` does to its own Ray, for one that KubeRay starts: the variables of serve/ray_patches/environment.py, with its values.
docs/how-to/operations.md says what each is for.
*/}}
{{- define "rayocr.rayEnv" -}}
{{- $longest := include "rayocr.seconds" (dig "http" "max_request_timeout_s" 600 .Values.settings) | int -}}
- {name: RAY_SERVE_ENABLE_HA_PROXY, value: {{ ternary "1" "0" (eq .Values.proxy "haproxy") | quote }}}
- {name: __RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR, value: serve.ray_patches.environment.set_up_worker}
{{- if eq .Values.proxy "haproxy" }}
- {name: RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH, value: serve.ray_patches.haproxy.set_up_controller}
- {name: RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S, value: "5"}
- {name: RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S, value: {{ add $longest 30 | quote }}}
- {name: RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S, value: {{ include "rayocr.requestSeconds" . | quote }}}
- {name: RAY_SERVE_HAPROXY_NBTHREAD, value: "1"}
- {name: RAY_SERVE_HAPROXY_METRICS_ENABLED, value: "0"}
- {name: RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S, value: "3"}
- {name: RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD, value: "0"}
{{- end }}
- {name: RAY_SERVE_CONTROL_LOOP_INTERVAL_S, value: "0.5"}
- {name: MALLOC_ARENA_MAX, value: "2"}
- {name: RAY_LOG_TO_STDERR, value: "1"}
- {name: RAY_BACKEND_LOG_LEVEL, value: warning}
- {name: RAY_BACKEND_LOG_JSON, value: "1"}
- {name: RAY_LOGGER_LEVEL, value: warning}
- {name: RAY_ROTATION_MAX_BYTES, value: "10000000"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- include "rayocr.storageEnv" . }}
{{- end -}}
