"""Fixtures of the integration tests: real services, started once a run."""

from tests.minio import minio
from tests.postgres import postgres

__all__ = ["minio", "postgres"]
