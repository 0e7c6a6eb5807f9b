#!/bin/sh
# Prints the path of a tool for the charts, in .tools/go, and builds it there the first time.
#   scripts/helm-tools.sh helm-unittest | helm-docs
# Building needs Go 1.24 or newer, the highest `go` line of the modules below. Neither needs helm itself.
set -eu

case ${1:-} in
helm-unittest) package=github.com/helm-unittest/helm-unittest/cmd/helm-unittest version=v1.0.0 ;;
helm-docs) package=github.com/norwoodj/helm-docs/cmd/helm-docs version=v1.14.2 ;;
*)
    echo "helm-tools.sh: name helm-unittest or helm-docs" >&2
    exit 1
    ;;
esac

root=$(cd "$(dirname "$0")/.." && pwd)
program=$root/.tools/go/$1-$version/$1
"$root/scripts/go-install.sh" "$program" "$package" "$version" 24 "install Go"
echo "$program"
