"""The HTTP API: one router for each resource, one place for errors, and one for limits.

The reading itself is `serve.documents`, and the work on jobs is `serve.jobs`.
"""

from serve.api.application import build_api
from serve.api.service import Service

__all__ = ["Service", "build_api"]
