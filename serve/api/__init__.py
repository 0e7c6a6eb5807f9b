"""The HTTP API: one router a resource, one place for errors, one for limits."""

from serve.api.application import build_api

__all__ = ["build_api"]
