{{/*
Values that contradict each other, each with what to do. All are said at once. What one value may be by itself is the
schema's business.
*/}}
{{- define "rayocr.validate" -}}
{{- $settings := include "rayocr.settings" . | fromYaml -}}
{{- $problems := concat
      (include "rayocr.problemsOfNames" . | fromJsonArray)
      (include "rayocr.problemsOfSettings" . | fromJsonArray)
      (include "rayocr.problemsOfGroups" . | fromJsonArray)
      (include "rayocr.problemsOfState" . | fromJsonArray)
      (include "rayocr.problemsOfStorage" . | fromJsonArray)
      (include "rayocr.problemsOfTraffic" . | fromJsonArray)
-}}
{{- if not $problems -}}
{{- $problems = include "rayocr.problemsOfRoom" (list . $settings) | fromJsonArray -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThese values can't work together:\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "rayocr.problemsOfNames" -}}
{{- $problems := list -}}
{{- $name := include "rayocr.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "KubeRay refuses the name %q: install with a release name (or fullnameOverride) of lower-case letters, digits and '-' that begins with a letter" $name) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfSettings" -}}
{{- $problems := list -}}
{{- $settings := .Values.settings -}}
{{- range $key, $instead := dict
      "http.host" "the service always listens on all addresses of its pod; networkPolicy says who reaches it"
      "http.port" "set service.port"
      "http.proxy" "set proxy"
      "http.api_keys_directory" "set apiKeys.existingSecret"
      "ray.object_store_memory_bytes" "set workers.cpu.objectStore"
      "ray.metrics_port" "the metrics are at port 8080 of each pod"
      "logging.level" "set logLevel"
      "logging.directory" "Ray's log files are below /tmp/ray in each pod"
-}}
{{- $section := splitList "." $key | first -}}
{{- if hasKey (default dict (get $settings $section)) (splitList "." $key | last) -}}
{{- $problems = append $problems (printf "settings.%s means nothing on Kubernetes: leave it out; %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
{{- range $stage := list "preprocess" "detection" "recognition" -}}
{{- range $key := list "num_cpus" "num_gpus" "label_selector" "max_ongoing_requests" "max_queued_requests" "graceful_shutdown_s" "scaling" -}}
{{- if hasKey (default dict (get $settings $stage)) $key -}}
{{- $problems = append $problems (printf "settings.%s.%s is for a stage with replicas of its own, but all stages share replicas (settings.colocated is true, or not set and workers.gpu.enabled is false): set settings.reader.%s in its place, or settings.colocated=false" $stage $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if $settings.reader -}}
{{- $problems = append $problems "settings.reader is for replicas that hold all stages, but each stage has its own (settings.colocated is false, or not set and workers.gpu.enabled is true): leave it out, or set settings.colocated=true" -}}
{{- end -}}
{{- range $section := list "preprocess" "detection" "recognition" "reader" -}}
{{- $scaling := dig $section "scaling" dict $settings -}}
{{- if and (hasKey $scaling "min_replicas") (hasKey $scaling "max_replicas") -}}
{{- if gt (int $scaling.min_replicas) (int $scaling.max_replicas) -}}
{{- $problems = append $problems (printf "settings.%s.scaling.min_replicas (%v) is more than max_replicas (%v): lower one or raise the other" $section $scaling.min_replicas $scaling.max_replicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfGroups" -}}
{{- $problems := list -}}
{{- $workers := .Values.workers -}}
{{- range $pool, $group := dict "cpu" $workers.cpu "gpu" $workers.gpu -}}
{{- if or (eq $pool "cpu") $group.enabled -}}
{{- if gt (int $group.minReplicas) (int $group.maxReplicas) -}}
{{- $problems = append $problems (printf "workers.%s.minReplicas (%v) is more than maxReplicas (%v): lower one or raise the other" $pool $group.minReplicas $group.maxReplicas) -}}
{{- end -}}
{{- $limit := dig "limits" "memory" $group.resources.requests.memory $group.resources -}}
{{- if and (regexMatch "(Mi|Gi)$" $limit) (ge (mul 2 (include "rayocr.bytes" $group.objectStore | int64)) (include "rayocr.bytes" $limit | int64)) -}}
{{- $problems = append $problems (printf "workers.%s.objectStore (%s) is half of the worker's memory (%s) or more, of which it is a part: lower it, or raise workers.%s.resources" $pool $group.objectStore $limit $pool) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $workers.gpu.enabled -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
{{- $problems = append $problems "workers.gpu.enabled is true, but settings.colocated keeps detection together with the other stages on CPU workers: set settings.colocated=false, or workers.gpu.enabled=false" -}}
{{- else if not (include "rayocr.gpuStages" . | fromJsonArray) -}}
{{- $problems = append $problems "workers.gpu.enabled is true, but settings.detection.net.device says that detection runs on CPUs, so that nothing would use the GPUs: leave the device out, or set workers.gpu.enabled=false" -}}
{{- end -}}
{{- else -}}
{{- range $stage := list "preprocess" "detection" "recognition" "reader" -}}
{{- $own := default dict (get $.Values.settings $stage) -}}
{{- $device := dig "net" "device" "" $own -}}
{{- if hasPrefix "cuda" $device -}}
{{- $problems = append $problems (printf "settings.%s.net.device is %s, but there are no workers with GPUs: set workers.gpu.enabled=true, or the device to cpu" $stage $device) -}}
{{- end -}}
{{- if gt (float64 (dig "num_gpus" 0 $own)) 0.0 -}}
{{- $problems = append $problems (printf "settings.%s.num_gpus is %v, but there are no workers with GPUs: set workers.gpu.enabled=true, or leave num_gpus out" $stage $own.num_gpus) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfState" -}}
{{- $problems := list -}}
{{- with .Values.redis -}}
{{- if and (eq .mode "external") (not .address) -}}
{{- $problems = append $problems "redis.mode is external, but redis.address is empty: give the address, such as redis.data:6379, or set redis.mode to bundled (for a trial) or none" -}}
{{- end -}}
{{- if and (ne .mode "external") (or .address .username) -}}
{{- $problems = append $problems (printf "redis.address and redis.username are for an external Redis, but redis.mode is %s: set redis.mode=external, or leave them out" .mode) -}}
{{- end -}}
{{- end -}}
{{- with .Values.upgrade -}}
{{- if eq .strategy "NewClusterWithIncrementalUpgrade" -}}
{{- if not .incremental.gatewayClassName -}}
{{- $problems = append $problems "upgrade.strategy NewClusterWithIncrementalUpgrade moves requests through a Gateway: set upgrade.incremental.gatewayClassName to a class that your cluster has (kubectl get gatewayclasses), or upgrade.strategy=NewCluster" -}}
{{- end -}}
{{- if not $.Values.autoscaler.enabled -}}
{{- $problems = append $problems "upgrade.strategy NewClusterWithIncrementalUpgrade needs Ray's autoscaler: set autoscaler.enabled=true, or upgrade.strategy=NewCluster" -}}
{{- end -}}
{{- if or $.Values.ingress.enabled $.Values.httpRoute.enabled -}}
{{- $problems = append $problems "upgrade.strategy NewClusterWithIncrementalUpgrade has a Gateway and an HTTPRoute of KubeRay as its front: set ingress.enabled=false and httpRoute.enabled=false, or upgrade.strategy=NewCluster" -}}
{{- end -}}
{{- if not $.Values.test.url -}}
{{- $problems = append $problems "upgrade.strategy NewClusterWithIncrementalUpgrade has no Service of a fixed name: set test.url to where KubeRay's Gateway is reached, or upgrade.strategy=NewCluster" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfStorage" -}}
{{- $problems := list -}}
{{- with .Values.storage -}}
{{- if and (eq .auth "secret") (not .existingSecret) -}}
{{- $problems = append $problems "storage.auth is secret, but storage.existingSecret is empty: make a Secret with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and give its name, or set storage.auth=serviceAccount" -}}
{{- end -}}
{{- if and (ne .auth "secret") .existingSecret -}}
{{- $problems = append $problems (printf "storage.existingSecret is set, but storage.auth is %s, so that it would not be used: set storage.auth=secret, or leave it out" .auth) -}}
{{- end -}}
{{- if and (eq .auth "none") (or .endpoint .region .readyBuckets) -}}
{{- $problems = append $problems "storage.auth is none, but storage.endpoint, region or readyBuckets is set: set storage.auth to secret or serviceAccount, or leave these out" -}}
{{- end -}}
{{- if and (eq .auth "serviceAccount") (not $.Values.serviceAccount.create) (not $.Values.serviceAccount.name) -}}
{{- $problems = append $problems "storage.auth is serviceAccount, but the workers run as the namespace's default one: set serviceAccount.create=true, or serviceAccount.name" -}}
{{- end -}}
{{- if and .readyBuckets (dig "storage" "ready_buckets" list $.Values.settings) -}}
{{- $problems = append $problems "storage.readyBuckets and settings.storage.ready_buckets are the same thing: keep one of them" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.rayToken.existingSecret (not .Values.rayToken.enabled) -}}
{{- $problems = append $problems "rayToken.existingSecret is set, but rayToken.enabled is false: set it to true, or leave the Secret out" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfTraffic" -}}
{{- $problems := list -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $problems = append $problems "ingress.enabled is true, but ingress.hosts is empty: name a host, such as ocr.example.com" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $problems = append $problems "httpRoute.enabled is true, but httpRoute.parentRefs is empty: name a Gateway, such as [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (not (kindIs "invalid" .minAvailable)) -}}
{{- range $pool, $group := dict "cpu" $.Values.workers.cpu "gpu" $.Values.workers.gpu -}}
{{- if and (or (eq $pool "cpu") $group.enabled) (gt (int $.Values.podDisruptionBudget.minAvailable) (int $group.maxReplicas)) -}}
{{- $problems = append $problems (printf "podDisruptionBudget.minAvailable (%v) is more than workers.%s.maxReplicas (%v), so that no node could ever be emptied: lower it" $.Values.podDisruptionBudget.minAvailable $pool $group.maxReplicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
