#!/usr/bin/env bash
# Measures the service, which each program below starts and stops.
#   bench    in turns with the peer that counts; prints the table
#   compare  with several bundles, in turns with all peers, in three rounds; rewrites docs/explanation/benchmarks.md and
#            its pictures
#   soak     its memory over many pictures of mixed sizes; prints the growth and plots it
# Usage: [PORT=8000] scripts/bench.sh bench|compare|soak VENV DATA [OPTION...]
# OPTIONs are those of `python -m loadtest bench`, or `soak`. Raw figures stay in .cache.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=$1 venv=$2 data=$3
shift 3
settings=.cache/bench-settings.txt
figures=.cache/$mode.json
page=docs/explanation/benchmarks

fail() {
  printf 'bench: %s\n' "$@" >&2
  exit 1
}

[[ $mode =~ ^(bench|compare|soak)$ ]] || fail "there is no mode $mode"
[[ -d $data ]] || fail "there is no folder $data" "name the one that holds the labelled sets: make bench DATA=..."
mkdir -p .cache
{ "$venv/bin/rayocr" version && echo && "$venv/bin/rayocr" config; } >"$settings"
metrics=http://127.0.0.1:$(awk '$1 == "ray.metrics_port" { print $2 }' "$settings")/metrics

loadtest=("$venv/bin/python" -m loadtest)
common=(--url "http://127.0.0.1:${PORT:-8000}" --serve "$venv/bin/rayocr" --data "$data" --json "$figures")
measure=(bench "${common[@]}" --settings "$settings" --peer-python .venv-peers/bin/python)
draw=(.venv-peers/bin/python -m loadtest plot "$figures" --output)
status=0
case $mode in
  soak)
    "${loadtest[@]}" soak "${common[@]}" "$@" || status=$?
    ((status > 1)) || "${draw[@]}" .cache/soak.png
    ;;
  bench)
    "${loadtest[@]}" "${measure[@]}" "$@" || status=$?
    ;;
  compare)
    peers=rapidocr-openvino,rapidocr-openvino-no-cls,rapidocr-onnxruntime,rapidocr5-small,rapidocr5-tiny
    peers+=,faster-paddle-small,faster-paddle-tiny,tesseract
    "${loadtest[@]}" "${measure[@]}" --peer-python peers-native=.venv-peers-native/bin/python --peers $peers \
      --rounds 3 --metrics-url "$metrics" \
      --bundles ppocrv6-small,ppocrv6-tiny,tools/distil/latin/fast.yaml "$@" || status=$?
    # Failures (1) are part of the result; without one (2) the page stays as it is.
    if ((status <= 1)); then
      "${draw[@]}" $page.png
      "${loadtest[@]}" table "$figures" --page $page.md --picture "$(basename $page).png"
    fi
    ;;
esac
exit "$status"
