{{/* Whether the replicas of the settings find room on the workers. */}}

{{/* Context and all settings. */}}
{{- define "rayocr.problemsOfRoom" -}}
{{- $ := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $problems := list -}}
{{- $stages := ternary (list "reader") (include "rayocr.stages" $ | fromJsonArray) (eq (include "rayocr.colocated" $) "true") -}}
{{- $groups := dict "cpu" $.Values.workers.cpu -}}
{{- if $.Values.workers.gpu.enabled -}}
{{- $groups = dict "cpu" $.Values.workers.cpu "gpu" $.Values.workers.gpu -}}
{{- end -}}
{{- range append $stages "http" -}}
{{- $pool := get (get $settings .).label_selector "rayocr/pool" -}}
{{- if not (hasKey $groups $pool) -}}
{{- $problems = append $problems (printf "settings.%s.label_selector asks for workers with rayocr/pool: %s, but there are none: the pools are %s" . $pool (keys $groups | sortAlpha | join " and ")) -}}
{{- end -}}
{{- end -}}
{{- range $pool, $group := $groups -}}
{{- $cpus := include "rayocr.workerCpus" $group | int -}}
{{- $workers := include "rayocr.mostWorkers" (list $ $group) | int -}}
{{- $wanted := 0.0 -}}
{{- $wantedGpus := 0.0 -}}
{{- $parts := list -}}
{{- range $stage := $stages -}}
{{- $own := get $settings $stage -}}
{{- if eq $pool (get $own.label_selector "rayocr/pool") -}}
{{- $replicas := int $own.scaling.max_replicas -}}
{{- if lt $replicas (int $own.scaling.min_replicas) -}}
{{- $problems = append $problems (printf "settings.%s.scaling has %v replicas at least, but %v at most: set both, or more workers (workers.%s)" $stage $own.scaling.min_replicas $replicas $pool) -}}
{{- end -}}
{{- if gt (float64 $own.num_cpus) (float64 $cpus) -}}
{{- $problems = append $problems (printf "settings.%s.num_cpus is %v, but a worker has %d CPUs to hand out: lower it, or raise workers.%s.resources.requests.cpu" $stage $own.num_cpus $cpus $pool) -}}
{{- end -}}
{{- if gt (float64 (default 0 $own.num_gpus)) (float64 (default 0 $group.gpus)) -}}
{{- $problems = append $problems (printf "settings.%s.num_gpus is %v, but a worker of workers.%s has %v: lower it, or raise workers.gpu.gpus" $stage $own.num_gpus $pool (default 0 $group.gpus)) -}}
{{- end -}}
{{- $wanted = addf $wanted (mulf $replicas $own.num_cpus) -}}
{{- $wantedGpus = addf $wantedGpus (mulf $replicas (default 0 $own.num_gpus)) -}}
{{- $parts = append $parts (printf "%s %d x %v" $stage $replicas $own.num_cpus) -}}
{{- end -}}
{{- end -}}
{{- if eq $pool "cpu" -}}
{{- $wanted = addf $wanted (mulf $settings.http.replicas 0.2) -}}
{{- $parts = append $parts (printf "http %v x 0.2" $settings.http.replicas) -}}
{{- with $settings.http.max_replicas_per_node -}}
{{- if gt (int $settings.http.replicas) (mul . $workers | int) -}}
{{- $problems = append $problems (printf "settings.http.replicas is %v, but %d workers with at most %v each (settings.http.max_replicas_per_node) hold %d: lower it, or raise the other or workers.cpu.%s" $settings.http.replicas $workers . (mul . $workers) (ternary "maxReplicas" "minReplicas" $.Values.autoscaler.enabled)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if gt $wanted (float64 (mul $workers $cpus)) -}}
{{- $problems = append $problems (printf "the most replicas on workers.%s ask for %v CPUs (%s), but %d workers of %d have %d: lower max_replicas or num_cpus in settings, or raise workers.%s.%s" $pool $wanted (join ", " $parts) $workers $cpus (mul $workers $cpus) $pool (ternary "maxReplicas" "minReplicas" $.Values.autoscaler.enabled)) -}}
{{- end -}}
{{- if and (eq $pool "gpu") (gt $wantedGpus (float64 (mul $workers $group.gpus))) -}}
{{- $problems = append $problems (printf "the most replicas on workers.gpu ask for %v GPUs, but %d workers of %v have %d: lower max_replicas or num_gpus in settings, or raise workers.gpu.%s" $wantedGpus $workers $group.gpus (mul $workers $group.gpus) (ternary "maxReplicas" "minReplicas" $.Values.autoscaler.enabled)) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
