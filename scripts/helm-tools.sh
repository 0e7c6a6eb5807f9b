#!/bin/sh
# Prints the path of a tool for the charts; go-install.sh builds it the first time and keeps it.
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

exec "$(dirname "$0")/go-install.sh" "$package" "$version" 24 "install Go"
