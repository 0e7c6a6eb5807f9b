{{/* The run's name and command. */}}

{{/* Of the RayJob and its settings: KubeRay runs a RayJob once, so that an upgrade of the release needs another one. */}}
{{- define "rayocr.jobName" -}}
{{- printf "%s-%d" (include "rayocr.fullname" .) (int .Release.Revision) -}}
{{- end -}}

{{/*
How many actors, as a list of options: as many as the most workers hold. By itself the run would go by the CPUs that are
there when it starts, before any autoscaling.
*/}}
{{- define "rayocr.actors" -}}
{{- $run := .Values.run -}}
{{- $shares := include "rayocr.shares" . | fromYaml -}}
{{- $most := mul $shares.perWorker $shares.workers -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
{{- toJson (list "--readers" (default (printf "1:%d" $most) $run.readers)) -}}
{{- else -}}
{{- $gpuStages := include "rayocr.gpuStages" . | fromJsonArray -}}
{{- $settings := include "rayocr.settings" . | fromYaml -}}
{{- $counts := dict "detection" $most "recognition" $most -}}
{{- $gpusOfEach := 0.0 -}}
{{- range $gpuStages -}}
{{- $gpusOfEach = addf $gpusOfEach (get $settings .).num_gpus -}}
{{- end -}}
{{- range $gpuStages -}}
{{- $perWorker := divf $.Values.workers.gpu.gpus (ternary $gpusOfEach 1.0 (gt $gpusOfEach 0.0)) | floor | int -}}
{{- $_ := set $counts . (mul (max 1 $perWorker) (include "rayocr.mostWorkers" (list $ $.Values.workers.gpu))) -}}
{{- end -}}
{{- $fetchers := divf (mul $shares.cpus $shares.workers) 8 | ceil | int -}}
{{- toJson (list
      "--fetchers" (default (printf "1:%d" $fetchers) $run.fetchers)
      "--detection-actors" (default (printf "1:%d" $counts.detection) $run.detectionActors)
      "--recognition-actors" (default (printf "1:%d" $counts.recognition) $run.recognitionActors)
) -}}
{{- end -}}
{{- end -}}

{{/* Context: what the run is asked to do, as a list of words. */}}
{{- define "rayocr.words" -}}
{{- $run := .Values.run -}}
{{- $words := list "python" "-m" "serve.bulk" "--input" $run.input "--output" $run.output "--format" $run.format -}}
{{- range $run.include -}}
{{- $words = append (append $words "--include") . -}}
{{- end -}}
{{- range $run.exclude -}}
{{- $words = append (append $words "--exclude") . -}}
{{- end -}}
{{- with $run.manifest -}}
{{- $words = append (append $words "--manifest") . -}}
{{- end -}}
{{- with $run.limit -}}
{{- $words = append (append $words "--limit") (int64 . | toString) -}}
{{- end -}}
{{- with $run.sample -}}
{{- $words = concat $words (list "--sample" (int64 . | toString) "--seed" (int64 $run.seed | toString)) -}}
{{- end -}}
{{- if $run.retryFailed -}}
{{- $words = append $words "--retry-failed" -}}
{{- end -}}
{{- if $run.refresh -}}
{{- $words = append $words "--refresh" -}}
{{- end -}}
{{- if $run.takeOver -}}
{{- $words = append $words "--take-over" -}}
{{- end -}}
{{- with $run.pages -}}
{{- $words = append (append $words "--pages") . -}}
{{- end -}}
{{- with $run.languages -}}
{{- $words = append (append $words "--languages") . -}}
{{- end -}}
{{- with $run.structure -}}
{{- $words = append (append $words "--structure") . -}}
{{- end -}}
{{- if ne $run.furniture "keep" -}}
{{- $words = append (append $words "--furniture") $run.furniture -}}
{{- end -}}
{{- with $run.dpi -}}
{{- $words = append (append $words "--dpi") (int64 . | toString) -}}
{{- end -}}
{{- if $run.characters -}}
{{- $words = append $words "--characters" -}}
{{- end -}}
{{- if $run.spreadsheetSafe -}}
{{- $words = append $words "--spreadsheet-safe" -}}
{{- end -}}
{{- $words = concat $words (include "rayocr.actors" . | fromJsonArray) (list
      "--text-layer" $run.textLayer
      "--orientation" $run.orientation
      "--max-pages" (int64 $run.maxPages | toString)
      "--attempts" (int64 $run.attempts | toString)
      "--max-error-rate" (toString $run.maxErrorRate)
      "--shard-documents" (int64 $run.shardDocuments | toString)
      "--storage-patience" (int64 $run.storagePatience | toString)
) -}}
{{- toJson $words -}}
{{- end -}}

{{/* A word as a shell reads it. KubeRay's shell takes the quotes off, and Ray puts them back for its own. */}}
{{- define "rayocr.quoted" -}}
{{- if regexMatch "^[A-Za-z0-9_./:=@%+,-]+$" . -}}
{{- . -}}
{{- else -}}
'{{ replace "'" "'\\''" . }}'
{{- end -}}
{{- end -}}

{{- define "rayocr.entrypoint" -}}
{{- $quoted := list -}}
{{- range include "rayocr.words" . | fromJsonArray -}}
{{- $quoted = append $quoted (include "rayocr.quoted" .) -}}
{{- end -}}
{{- join " " $quoted -}}
{{- end -}}
