"""The client of a rayocr service.

`protocol` makes requests and reads answers without input or output, and `client` sends them, with and without asyncio.
Nothing here imports the service.
"""

from rayocr.client import AsyncClient, Client
from rayocr.errors import (
    AccessDenied,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    InsufficientStorage,
    MalformedRequest,
    ModelOutputError,
    NoAnswer,
    Overloaded,
    PageTimeout,
    QuotaExceeded,
    RayocrError,
    ReplicaCrashed,
    SourceNotFound,
    StorageUnavailable,
    TooLarge,
    TooManyErrors,
    Unauthorized,
    Undecodable,
    UnsupportedType,
)

__all__ = [
    "AccessDenied",
    "AsyncClient",
    "Client",
    "ConfigurationError",
    "Conflict",
    "DeadlineExceeded",
    "InsufficientStorage",
    "MalformedRequest",
    "ModelOutputError",
    "NoAnswer",
    "Overloaded",
    "PageTimeout",
    "QuotaExceeded",
    "RayocrError",
    "ReplicaCrashed",
    "SourceNotFound",
    "StorageUnavailable",
    "TooLarge",
    "TooManyErrors",
    "Unauthorized",
    "Undecodable",
    "UnsupportedType",
]
