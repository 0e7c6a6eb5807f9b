{{/* What the pods have in common. */}}

{{/* Metadata of a pod: context and component. */}}
{{- define "rayocr-bulk.podMetadata" -}}
{{- $ := index . 0 -}}
labels:
  {{- include "rayocr-bulk.selectorLabels" $ | nindent 2 }}
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
{{- define "rayocr-bulk.podSpec" -}}
# Links would be variables such as RAYOCR_PORT for a Service named rayocr, and the settings refuse unknown RAYOCR_*.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
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
{{- define "rayocr-bulk.placement" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- $parts := list -}}
{{- range $key, $value := pick (index . 2) "nodeSelector" "tolerations" "affinity" -}}
{{- with $value -}}
{{- $parts = append $parts (toYaml (dict $key .)) -}}
{{- end -}}
{{- end -}}
{{- join "\n" $parts -}}
{{- if hasPrefix "worker-" $component }}
{{- with $.Values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "rayocr-bulk.selectorLabels" $ | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rayocr-bulk.settingsDirectory" -}}
/etc/rayocr/settings
{{- end -}}

{{/* The root file system is read only: what Ray and its workers write lies on these. */}}
{{- define "rayocr-bulk.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /home/rayocr}
- {name: shared-memory, mountPath: /dev/shm}
- {name: settings, mountPath: {{ include "rayocr-bulk.settingsDirectory" . }}, readOnly: true}
{{- end -}}

{{/* Context and bytes of the object store. A quarter more: Ray takes its share from what is free. */}}
{{- define "rayocr-bulk.volumes" -}}
- {name: tmp, emptyDir: {}}
- {name: home, emptyDir: {}}
- {name: shared-memory, emptyDir: {medium: Memory, sizeLimit: {{ divf (mul (index . 1) 5) 4 | int64 | quote }}}}
- {name: settings, configMap: {name: {{ include "rayocr-bulk.jobName" (index . 0) }}}}
{{- end -}}

{{/* Of a container: context. */}}
{{- define "rayocr-bulk.securityContext" -}}
{{- with .Values.containerSecurityContext -}}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
