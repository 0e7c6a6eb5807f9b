"""Reads documents from s3://, https://, data: and local files, and writes results, behind one small base class.

`build_storage` is the way in: it returns one `Storages` that sends each location to the storage of its scheme. A new
storage is one module, or a room as `s3` and `https` are, with a `Storage` subclass and one row in `registry.py`.
Everything here is synchronous and safe to call from several threads at once. Nothing imports Ray or an HTTP framework.
"""

from deployments.storage.base import Storage, StoredObject
from deployments.storage.registry import (
    COMMAND_LINE_SCHEMES,
    LONGEST_LOCATION,
    SERVICE_SCHEMES,
    Storages,
    build_storage,
)
from deployments.storage.settings import StorageSettings

__all__ = [
    "COMMAND_LINE_SCHEMES",
    "LONGEST_LOCATION",
    "SERVICE_SCHEMES",
    "Storage",
    "StorageSettings",
    "Storages",
    "StoredObject",
    "build_storage",
]
