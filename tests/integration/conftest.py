"""Fixtures of the integration tests: real services, started once a run."""

from tests.minio import minio

__all__ = ["minio"]
