#!/usr/bin/env bash
# Starts the service, measures it and the peers in turns, and stops it again.
# Usage: [PORT=8000] [READY_TIMEOUT_S=180] scripts/bench.sh VENV PEERS_VENV DATA [OPTION OF python -m loadtest bench...]
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$1 peers=$2 data=$3
shift 3
url=http://127.0.0.1:${PORT:-8000}
ready_timeout_s=${READY_TIMEOUT_S:-180}
log=.cache/bench-service.log

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

"$venv/bin/python" -m loadtest bench --url "$url" --data "$data" --peer-python "$peers/bin/python" "$@"
