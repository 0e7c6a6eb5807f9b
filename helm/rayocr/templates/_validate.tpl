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
      (include "rayocr.problemsOfResources" . | fromJsonArray)
      (include "rayocr.problemsOfVolumes" (list . (list "tmp" "home" "shared-memory" "api-keys" "access")) | fromJsonArray)
      (include "rayocr.outOfOrder" (list . (include "rayocr.orderedSettings" . | fromJsonArray)) | fromJsonArray)
      (include "rayocr.withoutEffect" (include "rayocr.effects" . | fromJsonArray) | fromJsonArray)
      (include "rayocr.problemsOfJobs" . | fromJsonArray)
      (include "rayocr.problemsOfEnv" . | fromJsonArray)
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

{{- define "rayocr.problemsOfSettings" -}}
{{- $problems := list -}}
{{- $settings := .Values.settings -}}
{{- range $key, $instead := dict
      "http.host" "the service always listens on all addresses of its pod; networkPolicy says who reaches it"
      "http.port" "set service.port"
      "http.proxy" "set proxy"
      "http.api_keys_directory" "set apiKeys.existingSecret"
      "http.access_file" "set apiKeys.accessSecret"
      "http.allow_anonymous" "without apiKeys.existingSecret no key is asked for"
      "ray.object_store_memory_bytes" "set workers.cpu.objectStore"
      "ray.metrics_port" "the metrics are at port 8080 of each pod"
      "logging.level" "set logLevel"
      "logging.directory" "the logs are the output of the pods"
-}}
{{- $section := splitList "." $key | first -}}
{{- if hasKey (default dict (get $settings $section)) (splitList "." $key | last) -}}
{{- $problems = append $problems (printf "settings.%s means nothing on Kubernetes: leave it out; %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
{{- range $stage := list "preprocess" "detection" "recognition" "structure" -}}
{{- range $key := list "num_cpus" "num_gpus" "label_selector" "max_ongoing_requests" "max_queued_requests" "graceful_shutdown_s" "scaling" -}}
{{- if hasKey (default dict (get $settings $stage)) $key -}}
{{- $problems = append $problems (printf "settings.%s.%s is for a stage with replicas of its own, but all stages share replicas (settings.colocated is true, or not set and workers.gpu.enabled is false): set settings.reader.%s in its place, or settings.colocated=false" $stage $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if $settings.reader -}}
{{- $problems = append $problems "settings.reader is for replicas that hold all stages, but each stage has its own (settings.colocated is false, or not set and workers.gpu.enabled is true): leave it out, or set settings.colocated=true" -}}
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
{{- $most := include "rayocr.mostWorkers" (list $ $group) | int -}}
{{- if and (or (eq $pool "cpu") $group.enabled) (ge (int $.Values.podDisruptionBudget.minAvailable) $most) -}}
{{- $problems = append $problems (printf "podDisruptionBudget.minAvailable (%v) is not less than the most workers of workers.%s (%d), so that no node could ever be emptied: lower it" $.Values.podDisruptionBudget.minAvailable $pool $most) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Settings that must not be more than others, with the defaults of both; no default: it is chosen. A test compares them. */}}
{{- define "rayocr.orderedSettings" -}}
{{- $pairs := list
      (list "settings.http.request_timeout_s" 60 "settings.http.max_request_timeout_s" 600)
      (list "settings.http.max_concurrent_requests_per_client" "" "settings.http.max_concurrent_requests" 64)
      (list "settings.jobs.max_queued_pages_per_client" "" "settings.jobs.max_queued_pages" 500000)
      (list "settings.jobs.max_upload_bytes_per_client" "" "settings.jobs.max_upload_bytes" 536870912000)
-}}
{{- range list "preprocess" "detection" "recognition" "structure" "reader" -}}
{{- $pairs = append $pairs (list (printf "settings.%s.scaling.min_replicas" .) "" (printf "settings.%s.scaling.max_replicas" .) "") -}}
{{- $pairs = append $pairs (list (printf "settings.%s.scaling.target_ongoing_requests" .) 2 (printf "settings.%s.max_ongoing_requests" .) 16) -}}
{{- end -}}
{{- toJson $pairs -}}
{{- end -}}

{{- define "rayocr.effects" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $isScraped := ne .Values.monitoring.scrape "none" -}}
{{- $redis := .Values.redis -}}
{{- toJson (list
      (list .Values.rayToken.existingSecret .Values.rayToken.enabled "rayToken.existingSecret is set, but rayToken.enabled is false: set it to true, or leave the Secret out")
      (list .Values.storage.existingSecret (eq .Values.storage.auth "secret") (printf "storage.existingSecret is set, but storage.auth is %s, so that it would not be used: set storage.auth=secret, or leave it out" .Values.storage.auth))
      (list .Values.serviceAccount.annotations .Values.serviceAccount.create "serviceAccount.annotations is set, but serviceAccount.create is false: set it to true, or annotate your own account and leave these out")
      (list .Values.monitoring.alerts.enabled $isScraped "monitoring.alerts.enabled is true, but monitoring.scrape is none: without metrics some alerts fire for ever and the others never do; set monitoring.scrape to podMonitor or serviceMonitor")
      (list .Values.monitoring.dashboard.enabled $isScraped "monitoring.dashboard.enabled is true, but monitoring.scrape is none, and the dashboard shows nothing without metrics: set monitoring.scrape to podMonitor or serviceMonitor")
      (list $redis.existingSecret (ne $redis.mode "none") "redis.existingSecret is set, but redis.mode is none, so that there is no Redis: set redis.mode=external, or leave the Secret out")
      (list $redis.bundled.persistence.enabled (eq $redis.mode "bundled") (printf "redis.bundled.persistence is for the chart's own Redis, but redis.mode is %s: set redis.mode=bundled, or leave it out" $redis.mode))
      (list $redis.bundled.persistence.storageClass $redis.bundled.persistence.enabled "redis.bundled.persistence.storageClass is set, but persistence.enabled is false: set it to true, or leave the class out")
      (list .Values.upgrade.incremental.gatewayClassName (eq .Values.upgrade.strategy "NewClusterWithIncrementalUpgrade") (printf "upgrade.incremental.gatewayClassName is set, but upgrade.strategy is %s, which has no Gateway: set upgrade.strategy=NewClusterWithIncrementalUpgrade, or leave it out" .Values.upgrade.strategy))
      (list (or $policy.clients $policy.metrics) $policy.enabled "networkPolicy.clients or metrics is set, but networkPolicy.enabled is false, so that everyone reaches the pods: set it to true, or leave them out")
      (list (or $policy.egress.storage $policy.egress.redis $policy.egress.apiServer $policy.egress.extra) $policy.egress.enabled "networkPolicy.egress names addresses or rules, but networkPolicy.egress.enabled is false: set it to true, or leave them out")
      (list $policy.egress.enabled $policy.enabled "networkPolicy.egress.enabled is true, but networkPolicy.enabled is false: set it to true as well")
      (list $policy.egress.redis (eq $redis.mode "external") "networkPolicy.egress.redis is for an external Redis, but redis.mode is another: leave it out")
      (list $policy.egress.storage (ne .Values.storage.auth "none") "networkPolicy.egress.storage is set, but storage.auth is none: set storage.auth to secret or serviceAccount, or leave it out")
      (list (dig "http" "max_concurrent_requests_per_client" "" .Values.settings) .Values.apiKeys.existingSecret "settings.http.max_concurrent_requests_per_client is set, but without apiKeys.existingSecret no client is known: give the Secret, or leave it out")
      (list .Values.apiKeys.accessSecret .Values.apiKeys.existingSecret "apiKeys.accessSecret is set, but without apiKeys.existingSecret no client is known: give the Secret of keys, or leave it out")
      (list .Values.podDisruptionBudget.minAvailable .Values.podDisruptionBudget.enabled "podDisruptionBudget.minAvailable is set, but podDisruptionBudget.enabled is false: set it to true, or leave it out")
) -}}
{{- end -}}

{{/* Jobs without places that outlive a node: the service would refuse them when it starts. Secrets may set them too. */}}
{{- define "rayocr.problemsOfJobs" -}}
{{- $problems := list -}}
{{- $jobs := default dict .Values.settings.jobs -}}
{{- $names := list -}}
{{- range .Values.extraEnv -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $store := or $jobs.store (has "RAYOCR_JOBS__STORE" $names) -}}
{{- $uploads := or $jobs.uploads (has "RAYOCR_JOBS__UPLOADS" $names) -}}
{{- if and (ne (toString $jobs.enabled) "false") (not .Values.extraEnvFrom) -}}
{{- if and $jobs (not $store) -}}
{{- $problems = append $problems "settings.jobs is set, but there is no store for jobs, which are off without one: name a PostgreSQL in the variable RAYOCR_JOBS__STORE (extraEnv, from a Secret), or leave settings.jobs out" -}}
{{- else if and $store (not $uploads) -}}
{{- $problems = append $problems "jobs have a store, but settings.jobs.uploads is empty, and a node's disk is lost with the node: set it to a bucket, such as s3://ocr-uploads/jobs/" -}}
{{- end -}}
{{- end -}}
{{- if and (hasPrefix "sqlite:" (toString $jobs.store)) (gt (int (include "rayocr.settings" . | fromYaml).http.replicas) 1) -}}
{{- $problems = append $problems "settings.jobs.store is a file, but there are several replicas of the ingress, which may be on different nodes: set it to a PostgreSQL" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Variables that settings go before, and those with which KubeRay makes no Ray cluster. */}}
{{- define "rayocr.problemsOfEnv" -}}
{{- $problems := list -}}
{{- $settings := dict "settings" (include "rayocr.settings" . | fromYaml) -}}
{{- range .Values.extraEnv -}}
{{- $path := printf "settings.%s" (trimPrefix "RAYOCR_" .name | replace "__" "." | lower) -}}
{{- if and (hasPrefix "RAYOCR_" .name) (include "rayocr.at" (list $settings $path "")) -}}
{{- $problems = append $problems (printf "extraEnv has %s, but %s, which you or the chart has set, goes before it: set that instead" .name $path) -}}
{{- end -}}
{{- if and (ne $.Values.redis.mode "none") (has .name (list "REDIS_PASSWORD" "REDIS_USERNAME" "RAY_REDIS_ADDRESS")) -}}
{{- $problems = append $problems (printf "extraEnv has %s, which KubeRay refuses beside redis.mode=%s: set redis.address, username and existingSecret instead" .name $.Values.redis.mode) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
