{{/* What the pods of Ray have in common. */}}

{{- define "rayocr.imagePullSecrets" -}}
{{- range .Values.image.pullSecrets }}
- name: {{ . }}
{{- end }}
{{- end -}}

{{/* Metadata of a pod: context and component. */}}
{{- define "rayocr.podMetadata" -}}
{{- $ := index . 0 -}}
labels:
  {{- include "rayocr.selectorLabels" $ | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
  {{- with $.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The part of a pod's spec that does not depend on its group. */}}
{{- define "rayocr.podSpec" -}}
# Links would be variables such as RAYOCR_PORT for a Service named rayocr, and the settings refuse unknown RAYOCR_*.
enableServiceLinks: false
{{- with include "rayocr.imagePullSecrets" . }}
imagePullSecrets:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where a group's pods may run: context, component and the group's values. */}}
{{- define "rayocr.placement" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- $parts := list -}}
{{- with pick (index . 2) "nodeSelector" "tolerations" "affinity" -}}
{{- range $key, $value := . -}}
{{- with $value -}}
{{- $parts = append $parts (toYaml (dict $key .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- join "\n" $parts -}}
{{- if ne $component "head" }}
{{- with $.Values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "rayocr.selectorLabels" $ | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Environment of every Ray container. */}}
{{- define "rayocr.env" -}}
{{ include "rayocr.rayEnv" . }}
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

{{/* The root file system is read only: what Ray and its workers write lies on these. */}}
{{- define "rayocr.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /home/rayocr}
- {name: shared-memory, mountPath: /dev/shm}
{{- if .Values.apiKeys.existingSecret }}
- {name: api-keys, mountPath: {{ include "rayocr.apiKeysDirectory" . }}, readOnly: true}
{{- end }}
{{- end -}}

{{/* Context and bytes of the object store. A quarter more: Ray takes its share from what is free. */}}
{{- define "rayocr.volumes" -}}
{{- $ := index . 0 -}}
- {name: tmp, emptyDir: {}}
- {name: home, emptyDir: {}}
- {name: shared-memory, emptyDir: {medium: Memory, sizeLimit: {{ divf (mul (index . 1) 5) 4 | int64 | quote }}}}
{{- if $.Values.apiKeys.existingSecret }}
- {name: api-keys, secret: {secretName: {{ $.Values.apiKeys.existingSecret }}}}
{{- end }}
{{- end -}}
