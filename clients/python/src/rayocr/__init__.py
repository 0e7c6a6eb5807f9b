"""The client of a rayocr service.

`protocol` and `jobs` make requests and read answers without input or output; `client` and `async_client` send them.
Nothing here imports the service.
"""

from rayocr.async_client import AsyncClient
from rayocr.client import Client
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
