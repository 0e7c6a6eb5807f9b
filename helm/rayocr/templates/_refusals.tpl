{{/*
Values that contradict each other in the service and in a bulk run. The same file is in both charts; a test compares
them. Each list is JSON, and each problem a sentence that says what to do.
*/}}

{{- define "rayocr.problemsOfNames" -}}
{{- $problems := list -}}
{{- $name := include "rayocr.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "KubeRay refuses the name %q: install with a release name (or fullnameOverride) of lower-case letters, digits and '-' that begins with a letter" $name) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Of all containers: Kubernetes makes no pod that asks for more than it may have. */}}
{{- define "rayocr.problemsOfResources" -}}
{{- $problems := list -}}
{{- $all := dict "head.resources" .Values.head.resources "workers.cpu.resources" .Values.workers.cpu.resources -}}
{{- if .Values.workers.gpu.enabled -}}
{{- $_ := set $all "workers.gpu.resources" .Values.workers.gpu.resources -}}
{{- end -}}
{{- if .Values.autoscaler.enabled -}}
{{- $_ := set $all "autoscaler.resources" .Values.autoscaler.resources -}}
{{- end -}}
{{- with .Values.redis -}}
{{- if eq .mode "bundled" -}}
{{- $_ := set $all "redis.bundled.resources" .bundled.resources -}}
{{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- with .resources -}}
{{- $_ := set $all "podDisruptionBudget.resources" . -}}
{{- end -}}
{{- end -}}
{{- with .Values.job -}}
{{- $_ := set $all "job.resources" .resources -}}
{{- end -}}
{{- range $path, $resources := $all -}}
{{- range $key, $request := default dict $resources.requests -}}
{{- $limit := get (default dict $resources.limits) $key -}}
{{- if and (ne (toString $limit) "") (gt (include "rayocr.quantity" $request | float64) (include "rayocr.quantity" $limit | float64)) -}}
{{- $problems = append $problems (printf "%s.requests.%s (%v) is more than %s.limits.%s (%v), and Kubernetes makes no such pod: lower one or raise the other" $path $key $request $path $key $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Of volumes: context and the names of the chart's own. */}}
{{- define "rayocr.problemsOfVolumes" -}}
{{- $problems := list -}}
{{- $names := index . 1 -}}
{{- range (index . 0).Values.extraVolumes -}}
{{- if has .name $names -}}
{{- $problems = append $problems (printf "extraVolumes has a volume %s, but the pods have one of that name already: give it another name" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range (index . 0).Values.extraVolumeMounts -}}
{{- if not (has .name $names) -}}
{{- $problems = append $problems (printf "extraVolumeMounts names the volume %s, which the pods do not have: add it to extraVolumes" .name) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Values without effect: a list of lists of whether a value is set, whether it has an effect, and the sentence. */}}
{{- define "rayocr.withoutEffect" -}}
{{- $problems := list -}}
{{- range . -}}
{{- if and (index . 0) (not (index . 1)) -}}
{{- $problems = append $problems (index . 2) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Numbers out of order: context, and lists of path and default of the lesser and of the greater one. */}}
{{- define "rayocr.outOfOrder" -}}
{{- $problems := list -}}
{{- $values := (index . 0).Values -}}
{{- range index . 1 -}}
{{- $lesser := include "rayocr.at" (list $values (index . 0) (index . 1)) -}}
{{- $greater := include "rayocr.at" (list $values (index . 2) (index . 3)) -}}
{{- if and $lesser $greater (gt (float64 $lesser) (float64 $greater)) -}}
{{- $problems = append $problems (printf "%s (%s) is more than %s (%s): lower one or raise the other" (index . 0) $lesser (index . 2) $greater) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* The value at a path such as settings.http.port, or a default: values, path and default. */}}
{{- define "rayocr.at" -}}
{{- $value := index . 0 -}}
{{- range splitList "." (index . 1) -}}
{{- if kindIs "map" $value -}}
{{- $value = get $value . -}}
{{- end -}}
{{- end -}}
{{- if or (kindIs "invalid" $value) (kindIs "map" $value) (eq (toString $value) "") -}}
{{- $value = index . 2 -}}
{{- end -}}
{{- if kindIs "float64" $value -}}
{{- ternary (printf "%.0f" $value) (toString $value) (eq $value (floor $value)) -}}
{{- else -}}
{{- $value -}}
{{- end -}}
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
{{- if ge (mul 2 (include "rayocr.bytes" $group.objectStore | int64)) (include "rayocr.bytes" $limit | int64) -}}
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
{{- range $stage := list "preprocess" "detection" "recognition" "structure" "reader" -}}
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
