{{/* The groups of Ray nodes: the head, and workers by the name of their pool. */}}

{{/* Ray's least is 75 MiB; nothing of the service lies on the head. */}}
{{- define "rayocr.headObjectStore" -}}
100000000
{{- end -}}

{{/*
A group whose pods say in an annotation what KubeRay 1.6 takes no notice of in a change: it would leave the running Ray
cluster as it is, and start no other.
*/}}
{{- define "rayocr.watchedGroup" -}}
{{- $sum := pick . "minReplicas" "maxReplicas" "tolerations" | toJson | sha256sum | trunc 8 -}}
{{- toYaml (set (deepCopy .) "podAnnotations" (merge (dict "checksum/scheduling" $sum) .podAnnotations)) -}}
{{- end -}}

{{- define "rayocr.headGroup" -}}
rayStartParams:
  # No work for the head: its end should cost no request.
  num-cpus: "0"
  object-store-memory: {{ include "rayocr.headObjectStore" . | quote }}
template:
  {{- include "rayocr.rayPod" (dict
        "root" . "component" "head" "group" (include "rayocr.watchedGroup" .Values.head | fromYaml)
        "container" "ray-head" "image" (include "rayocr.image" .) "resources" .Values.head.resources
        "objectStore" (include "rayocr.headObjectStore" . | int64)
        "spec" (ternary "" "automountServiceAccountToken: false" .Values.autoscaler.enabled)
        "initContainers" (include "rayocr.waitForRedisContainer" .)
        "fields" (include "rayocr.headFields" .) "env" (include "rayocr.rayEnv" .)
        "volumes" (include "rayocr.apiKeysVolume" .) "mounts" (include "rayocr.apiKeysMount" .)
      ) | nindent 2 }}
{{- end -}}

{{/*
Ends the container: as its first process, `ray start` takes no notice of SIGTERM. The preStop hook is over before that, as
Kubernetes takes a hook that ends with its container for a failed one.
*/}}
{{- define "rayocr.stop" -}}
(sleep 1; exec ray stop) > /dev/null 2>&1 &
{{- end -}}

{{- define "rayocr.headFields" -}}
ports:
  - {name: gcs-server, containerPort: 6379}
  - {name: dashboard, containerPort: 8265}
  - {name: metrics, containerPort: 8080}
  # KubeRay makes the Service for clients from this one; the head takes no requests.
  - {name: serve, containerPort: 8000}
lifecycle:
  # A new head waits for this one's end.
  preStop: {exec: {command: [bash, -c, {{ include "rayocr.stop" . | quote }}]}}
{{- end -}}

{{/*
Before its container is ended, a worker is drained: Ray Serve starts its replicas elsewhere, and those here finish what
they hold. It is over when neither they nor the proxy are left, or with the Ray cluster (nothing listens at its head).
Where the cluster ends as a whole, as the old one does after an upgrade, clients may still have connections to it: HAProxy
closes each with its next answer. Requests that came over other workers may be in work here for a little longer.
*/}}
{{- define "rayocr.drain" -}}
has_head() { timeout 3 bash -c ': < "/dev/tcp/$FQ_RAY_IP/6379"' 2> /dev/null; }
processes() { cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' '\n'; }
proxies() { grep -lx haproxy /proc/[0-9]*/comm 2> /dev/null | cut -d / -f 3; }
has_head && timeout 30 ray drain-node --address "$FQ_RAY_IP:6379" \
  --node-id "$(processes | sed -n 's/^--node_id=//p' | head -n 1)" \
  --reason DRAIN_NODE_REASON_PREEMPTION --reason-message "the pod is being deleted" \
  --deadline-remaining-seconds {{ add . 15 }} &&
  while processes | grep -Eq '^ray::(ServeReplica|HAProxyManager|ProxyActor)' && has_head; do sleep 1; done
if ! has_head && [ -n "$(proxies)" ]; then
  kill -USR1 $(proxies)
  sleep 15
  for _ in $(seq 15 {{ . }}); do [ -n "$(proxies)" ] && sleep 1; done
fi
{{ include "rayocr.stop" . }}
{{- end -}}

{{/* Context, pool, image and the group's values. */}}
{{- define "rayocr.workerGroup" -}}
{{- $ := index . 0 -}}
{{- $pool := index . 1 -}}
{{- $group := index . 3 -}}
{{- $objectStore := include "rayocr.bytes" $group.objectStore | int64 -}}
groupName: {{ $pool }}
minReplicas: {{ $group.minReplicas }}
maxReplicas: {{ include "rayocr.mostWorkers" (list $ $group) }}
# Label selectors of the settings name them.
labels: {rayocr/pool: {{ $pool }}}
rayStartParams:
  num-cpus: {{ include "rayocr.workerCpus" $group | quote }}
  {{- if eq $pool "gpu" }}
  # KubeRay counts only resources whose name ends in gpu, not the parts of one (MIG).
  num-gpus: {{ $group.gpus | quote }}
  {{- end }}
  object-store-memory: {{ $objectStore | quote }}
template:
  {{- include "rayocr.rayPod" (dict
        "root" $ "component" (printf "worker-%s" $pool) "group" (include "rayocr.watchedGroup" $group | fromYaml)
        "container" "ray-worker" "image" (index . 2)
        "resources" (include "rayocr.workerResources" (list $pool $group) | fromYaml)
        "objectStore" $objectStore
        "spec" (include "rayocr.workerSpec" $) "fields" (include "rayocr.workerFields" $) "env" (include "rayocr.rayEnv" $)
        "volumes" (include "rayocr.apiKeysVolume" $) "mounts" (include "rayocr.apiKeysMount" $)
      ) | nindent 2 }}
{{- end -}}

{{- define "rayocr.workerSpec" -}}
serviceAccountName: {{ include "rayocr.serviceAccountName" . }}
# Nothing here asks the API server; IRSA and the like mount tokens of their own.
automountServiceAccountToken: false
# Longer than any request that does not set its own time.
terminationGracePeriodSeconds: {{ add (include "rayocr.requestSeconds" .) 45 }}
{{- end -}}

{{- define "rayocr.workerFields" -}}
ports:
  - {name: serve, containerPort: 8000}
  - {name: metrics, containerPort: 8080}
# Instead of KubeRay's, which starts two programs and takes the worker out of service when these are slow once.
readinessProbe:
  httpGet: {path: /-/healthz, port: serve}
  initialDelaySeconds: 5
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
lifecycle:
  preStop:
    exec:
      command:
        - bash
        - -c
        - |
          {{- include "rayocr.drain" (include "rayocr.requestSeconds" .) | nindent 10 }}
{{- end -}}

{{/* The keys of clients, as files, and the file of their rights. Files of a subPath would not follow changes. */}}
{{- define "rayocr.apiKeysVolume" -}}
{{- with .Values.apiKeys.existingSecret -}}
- {name: api-keys, secret: {secretName: {{ . }}}}
{{- end -}}
{{- with .Values.apiKeys.accessSecret }}
- {name: access, secret: {secretName: {{ . }}}}
{{- end -}}
{{- end -}}

{{- define "rayocr.apiKeysMount" -}}
{{- if .Values.apiKeys.existingSecret -}}
- {name: api-keys, mountPath: {{ include "rayocr.apiKeysDirectory" . }}, readOnly: true}
{{- end -}}
{{- if .Values.apiKeys.accessSecret }}
- {name: access, mountPath: {{ include "rayocr.accessDirectory" . }}, readOnly: true}
{{- end -}}
{{- end -}}
