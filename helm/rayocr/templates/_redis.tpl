{{/* The Redis that keeps the state of Ray's head. */}}

{{- define "rayocr.redisAddress" -}}
{{- if eq .Values.redis.mode "bundled" -}}
{{- include "rayocr.fullname" . }}-redis:6379
{{- else -}}
{{- .Values.redis.address -}}
{{- end -}}
{{- end -}}

{{- define "rayocr.redisSecretName" -}}
{{- if .Values.redis.existingSecret -}}
{{- .Values.redis.existingSecret -}}
{{- else if eq .Values.redis.mode "bundled" -}}
{{- include "rayocr.fullname" . }}-redis
{{- end -}}
{{- end -}}

{{- define "rayocr.redisToLookAt" -}}
{{- if eq .Values.redis.mode "bundled" -}}
the pod {{ include "rayocr.fullname" . }}-redis-0
{{- else -}}
redis.address
{{- end -}}
{{- end -}}

{{- define "rayocr.gcsFaultTolerance" -}}
{{- if ne .Values.redis.mode "none" -}}
gcsFaultToleranceOptions:
  redisAddress: {{ include "rayocr.redisAddress" . | quote }}
  {{- with .Values.redis.username }}
  redisUsername: {value: {{ . | quote }}}
  {{- end }}
  {{- with include "rayocr.redisSecretName" . }}
  redisPassword:
    valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.redis.existingSecretKey }}}}
  {{- end }}
{{- end -}}
{{- end -}}

{{/*
Waits for Redis before the head starts: Ray's own complaint would be a crash loop and a stack trace. It says what is wrong
in the container's log and as its termination message. With TLS it only connects.
*/}}
{{- define "rayocr.waitForRedis" -}}
export LC_ALL=C  # lengths in bytes
host=${ADDRESS#*://} port=6379
[[ $host == *:* ]] && port=${host##*:} host=${host%:*}
words() { printf '*%d\r\n' $#; for word; do printf '$%d\r\n%s\r\n' ${#word} "$word"; done; }
why() {
  timeout 5 bash -c ": < /dev/tcp/$host/$port" || { echo "it takes no connections: look at {{ include "rayocr.redisToLookAt" . }}"; return; }
  [[ $ADDRESS == rediss://* ]] && return
  exec 3<> "/dev/tcp/$host/$port"
  if [[ -n $PASSWORD ]]; then
    words AUTH ${USERNAME:+"$USERNAME"} "$PASSWORD" >&3 && read -r -t 5 answer <&3
    [[ $answer == +OK* ]] || { echo "it answers AUTH with: $answer"; return; }
  fi
  words PING >&3 && read -r -t 5 answer <&3
  [[ $answer == +PONG* ]] || echo "it answers PING with: $answer"
}
for _ in {1..30}; do
  problem=$(why 2>&1)
  [[ -z $problem ]] && exit
  echo "Redis at $ADDRESS can't be used: ${problem//$'\r'/}" | tee /dev/termination-log
  sleep 2
done
exit 1
{{- end -}}

{{- define "rayocr.waitForRedisContainer" -}}
{{- if ne .Values.redis.mode "none" -}}
{{- $resources := dict "requests" (dict "cpu" "10m" "memory" "16Mi") "limits" (dict "memory" "64Mi") -}}
- {{- include "rayocr.container" (list . "wait-for-redis" (include "rayocr.image" .) $resources) | nindent 2 }}
  command:
    - bash
    - -c
    - |
      {{- include "rayocr.waitForRedis" . | nindent 6 }}
  env:
    - {name: ADDRESS, value: {{ include "rayocr.redisAddress" . | quote }}}
    - {name: USERNAME, value: {{ .Values.redis.username | quote }}}
    {{- with include "rayocr.redisSecretName" . }}
    - name: PASSWORD
      valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.redis.existingSecretKey }}}}
    {{- end }}
{{- end -}}
{{- end -}}
