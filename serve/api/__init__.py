"""The HTTP API: one router a resource, one place for errors, one for limits."""

from serve.api.application import build_api
from serve.api.service import Service

__all__ = ["Service", "build_api"]
