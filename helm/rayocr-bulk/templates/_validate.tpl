{{/*
Values that can't work, or contradict each other, each with what to do. All are said at once. What one value may be by
itself is the schema's business.
*/}}
{{- define "rayocr.validate" -}}
{{- $problems := concat
      (include "rayocr.problemsOfNames" . | fromJsonArray)
      (include "rayocr.problemsOfRun" . | fromJsonArray)
      (include "rayocr.problemsOfStorage" . | fromJsonArray)
      (include "rayocr.problemsOfSettings" . | fromJsonArray)
      (include "rayocr.problemsOfGroups" . | fromJsonArray)
      (include "rayocr.problemsOfRoom" . | fromJsonArray)
      (include "rayocr.problemsOfResources" . | fromJsonArray)
      (include "rayocr.problemsOfVolumes" (list . (list "tmp" "home" "shared-memory" "settings")) | fromJsonArray)
      (include "rayocr.outOfOrder" (list . (list (list "job.preRunningDeadlineSeconds" "" "job.activeDeadlineSeconds" ""))) | fromJsonArray)
      (include "rayocr.withoutEffect" (include "rayocr.effects" . | fromJsonArray) | fromJsonArray)
-}}
{{- if $problems -}}
{{- fail (printf "\n\nThese values can't work together:\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "rayocr.problemsOfRun" -}}
{{- $problems := list -}}
{{- $run := .Values.run -}}
{{- range $key, $example := dict "input" "s3://scans/2026/" "output" "s3://text/2026/" -}}
{{- $location := get $run $key -}}
{{- if not $location -}}
{{- $problems = append $problems (printf "run.%s is empty: give a bucket, such as --set run.%s=%s" $key $key $example) -}}
{{- else if not (hasPrefix "s3://" $location) -}}
{{- $problems = append $problems (printf "run.%s is %s, a folder of a pod's own: give a bucket, such as %s" $key $location $example) -}}
{{- end -}}
{{- end -}}
{{- $output := printf "%s/" (trimSuffix "/" $run.output) -}}
{{- if and $run.input $run.output (hasPrefix $output (printf "%s/" (regexReplaceAll "[^/]*[*]$" $run.input "" | trimSuffix "/"))) -}}
{{- $problems = append $problems (printf "run.output (%s) is the input or holds it, so that results could not be told from documents: choose another folder, inside the input or beside it" $run.output) -}}
{{- end -}}
{{- if and $run.manifest (not (hasPrefix "s3://" $run.manifest)) -}}
{{- $problems = append $problems (printf "run.manifest is %s, a file of a pod's own: give one in a bucket, such as s3://lists/today.txt" $run.manifest) -}}
{{- end -}}
{{- if and $run.limit $run.sample -}}
{{- $problems = append $problems "run.limit takes the first documents and run.sample some at random: keep one of them" -}}
{{- end -}}
{{- $colocated := eq (include "rayocr.colocated" .) "true" -}}
{{- range $key := list "readers" "fetchers" "detectionActors" "recognitionActors" -}}
{{- with get $run $key -}}
{{- $bounds := splitList ":" . -}}
{{- if gt (first $bounds | int) (last $bounds | int) -}}
{{- $problems = append $problems (printf "run.%s is %s, with more at least than at most: write MIN:MAX" $key .) -}}
{{- end -}}
{{- if and $colocated (ne $key "readers") -}}
{{- $problems = append $problems (printf "run.%s is for actors of one stage, but each actor holds all stages (settings.colocated is true, or not set and workers.gpu.enabled is false): set run.readers in its place, or settings.colocated=false" $key) -}}
{{- else if and (not $colocated) (eq $key "readers") -}}
{{- $problems = append $problems "run.readers is for actors that hold all stages, but each stage has its own (settings.colocated is false, or not set and workers.gpu.enabled is true): leave it out, or set settings.colocated=true" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfStorage" -}}
{{- $problems := list -}}
{{- with .Values.storage -}}
{{- if and (eq .auth "secret") (not .existingSecret) -}}
{{- $problems = append $problems "a run needs S3, but storage.existingSecret is empty: make a Secret with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and give its name, or set storage.auth=serviceAccount" -}}
{{- end -}}
{{- if and (eq .auth "serviceAccount") (not $.Values.serviceAccount.create) (not $.Values.serviceAccount.name) -}}
{{- $problems = append $problems "storage.auth is serviceAccount, but the run has the namespace's default one: set serviceAccount.create=true, or serviceAccount.name" -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfSettings" -}}
{{- $problems := list -}}
{{- $settings := .Values.settings -}}
{{- range $section, $instead := dict
      "http" "nothing listens"
      "jobs" "the run has its documents from run.input"
      "ray" "workers.cpu.objectStore is the object store, and the metrics are at port 8080 of each pod"
-}}
{{- if hasKey $settings $section -}}
{{- $problems = append $problems (printf "settings.%s means nothing in a bulk run: leave it out; %s" $section $instead) -}}
{{- end -}}
{{- end -}}
{{- $stages := list "preprocess" "detection" "recognition" "reader" -}}
{{- range $stage := $stages -}}
{{- range $key := list "label_selector" "max_ongoing_requests" "max_queued_requests" "graceful_shutdown_s" "scaling" -}}
{{- if hasKey (default dict (get $settings $stage)) $key -}}
{{- $problems = append $problems (printf "settings.%s.%s is for the service: leave it out; run.readers, run.detectionActors and run.recognitionActors say how many actors there are" $stage $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq (include "rayocr.colocated" .) "true" -}}
{{- range $stage := without $stages "reader" -}}
{{- range $key := list "num_cpus" "num_gpus" -}}
{{- if hasKey (default dict (get $settings $stage)) $key -}}
{{- $problems = append $problems (printf "settings.%s.%s is for a stage with actors of its own, but each actor holds all stages (settings.colocated is true, or not set and workers.gpu.enabled is false): set settings.reader.%s in its place, or settings.colocated=false" $stage $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if $settings.reader -}}
{{- $problems = append $problems "settings.reader is for actors that hold all stages, but each stage has its own (settings.colocated is false, or not set and workers.gpu.enabled is true): leave it out, or set settings.colocated=true" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.problemsOfRoom" -}}
{{- $problems := list -}}
{{- $settings := include "rayocr.settings" . | fromYaml -}}
{{- $cpus := include "rayocr.workerCpus" .Values.workers.cpu | int -}}
{{- range $stage := list "reader" "detection" "recognition" -}}
{{- $wanted := float64 (dig $stage "num_cpus" 0 $settings) -}}
{{- if gt $wanted (float64 $cpus) -}}
{{- $problems = append $problems (printf "settings.%s.num_cpus is %v, but a worker has %d CPUs to hand out: lower it, or raise workers.cpu.resources.requests.cpu" $stage $wanted $cpus) -}}
{{- end -}}
{{- $gpus := float64 (dig $stage "num_gpus" 0 $settings) -}}
{{- if and $.Values.workers.gpu.enabled (gt $gpus (float64 $.Values.workers.gpu.gpus)) -}}
{{- $problems = append $problems (printf "settings.%s.num_gpus is %v, but a worker has %v: lower it, or raise workers.gpu.gpus" $stage $gpus $.Values.workers.gpu.gpus) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "rayocr.effects" -}}
{{- toJson (list
      (list .Values.rayToken.existingSecret .Values.rayToken.enabled "rayToken.existingSecret is set, but rayToken.enabled is false: set it to true, or leave the Secret out")
      (list .Values.storage.existingSecret (eq .Values.storage.auth "secret") (printf "storage.existingSecret is set, but storage.auth is %s, so that it would not be used: set storage.auth=secret, or leave it out" .Values.storage.auth))
      (list .Values.serviceAccount.annotations .Values.serviceAccount.create "serviceAccount.annotations is set, but serviceAccount.create is false: set it to true, or annotate your own account and leave these out")
      (list .Values.networkPolicy.metrics .Values.networkPolicy.enabled "networkPolicy.metrics is set, but networkPolicy.enabled is false, so that everyone reaches the pods: set it to true, or leave it out")
      (list .Values.monitoring.alerts.enabled .Values.monitoring.podMonitor "monitoring.alerts.enabled is true, but monitoring.podMonitor is false: without metrics no alert tells of a run that stands; set it to true")
      (list (or .Values.networkPolicy.egress.storage .Values.networkPolicy.egress.apiServer .Values.networkPolicy.egress.extra) .Values.networkPolicy.egress.enabled "networkPolicy.egress names addresses or rules, but networkPolicy.egress.enabled is false: set it to true, or leave them out")
      (list .Values.networkPolicy.egress.enabled .Values.networkPolicy.enabled "networkPolicy.egress.enabled is true, but networkPolicy.enabled is false: set it to true as well")
      (list .Values.run.seed .Values.run.sample "run.seed is for a choice at random, but run.sample is not set: set it, or leave the seed out")
      (list .Values.run.spreadsheetSafe (has .Values.run.format (list "tsv" "csv")) (printf "run.spreadsheetSafe is for TSV and CSV, but run.format is %s: set run.format=tsv, or leave it out" .Values.run.format))
      (list (eq .Values.run.format "csv") (regexMatch "tables|all" .Values.run.structure) "run.format is csv, which holds nothing but tables, but run.structure does not ask for them: set run.structure=tables")
) -}}
{{- end -}}
