#!/usr/bin/env bash
# Starts the service, measures it, and stops it again.
#   bench    in turns with the peer that counts; prints the table
#   compare  in turns with all peers, in three rounds; rewrites docs/explanation/benchmarks.md and its plot
#   soak     its memory over many pictures of mixed sizes; prints the growth and plots it
# Usage: [PORT=8000] [READY_TIMEOUT_S=180] scripts/bench.sh bench|compare|soak VENV PEERS_VENV DATA [OPTION...]
# OPTIONs are those of `python -m loadtest bench`, or `soak`. Raw figures stay in .cache.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=$1 venv=$2 peers=$3 data=$4
shift 4
url=http://127.0.0.1:${PORT:-8000}
ready_timeout_s=${READY_TIMEOUT_S:-180}
log=.cache/bench-service.log
settings=.cache/bench-settings.txt
figures=.cache/$mode.json

fail() {
  printf 'bench: %s\n' "$@" >&2
  exit 1
}

is_ready() {
  "$venv/bin/python" - "$url/readyz" <<'PYTHON'
import sys
import urllib.error
import urllib.request

try:
    urllib.request.urlopen(sys.argv[1], timeout=5).close()
except (urllib.error.URLError, TimeoutError, ConnectionError):  # not listening yet, or 503 while the stages start
    sys.exit(1)
PYTHON
}

[[ $mode =~ ^(bench|compare|soak)$ ]] || fail "there is no mode $mode"
[[ -d $data ]] || fail "there is no folder $data" "name the one that holds the labelled sets: make bench DATA=..."
is_ready && fail "a service already listens on $url: stop it, or choose another port with PORT=..."

mkdir -p "$(dirname "$log")"
"$venv/bin/rayocr" serve --host 127.0.0.1 --port "${PORT:-8000}" >"$log" 2>&1 &
service=$!
trap 'kill -TERM $service 2>/dev/null && wait $service || true' EXIT

deadline=$((SECONDS + ready_timeout_s))
until is_ready; do
  kill -0 "$service" 2>/dev/null || fail "the service ended before it was ready; see $log"
  ((SECONDS < deadline)) || fail "the service was not ready within $ready_timeout_s s; see $log"
  sleep 1
done

loadtest=("$venv/bin/python" -m loadtest)
draw=("$peers/bin/python" -m loadtest plot "$figures" --output)
status=0
case $mode in
  soak)
    "${loadtest[@]}" soak --url "$url" --data "$data" --json "$figures" "$@" || status=$?
    ((status > 1)) || "${draw[@]}" .cache/soak.png
    ;;
  *)
    { "$venv/bin/rayocr" version && echo && "$venv/bin/rayocr" config; } >"$settings"
    common=(--url "$url" --data "$data" --peer-python "$peers/bin/python" --settings "$settings" --json "$figures")
    [[ $mode == bench ]] ||
      common+=(--rounds 3 --peers rapidocr-openvino,rapidocr-openvino-no-cls,rapidocr-onnxruntime,tesseract)
    "${loadtest[@]}" bench "${common[@]}" "$@" || status=$?
    # Failures (1) are part of the result; without one (2) the page stays as it is.
    if [[ $mode == compare ]] && ((status <= 1)); then
      "${draw[@]}" docs/explanation/benchmarks.png
      "${loadtest[@]}" table "$figures" --page docs/explanation/benchmarks.md --picture benchmarks.png
    fi
    ;;
esac
exit "$status"
