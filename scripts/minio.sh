#!/bin/sh
# Prints the path of a MinIO server for the tests: the one on PATH, else the one that go-install.sh builds and keeps.
# Building needs Go 1.24 or newer, the `go` line of MinIO's go.mod, and takes about 4 minutes, once for a user.
set -eu

# The vendor's tags are no Go versions, so this names a commit of the main branch (2026-02-12).
version=v0.0.0-20260212201848-7aac2a2c5b7c

if command -v minio; then
    exit 0
fi
exec "$(dirname "$0")/go-install.sh" github.com/minio/minio "$version" 24 "install minio on PATH"
