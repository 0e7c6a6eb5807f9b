"""The part of boto3's S3 client that is used here, with the types that boto3 does not publish."""

from collections.abc import Iterator
from typing import Protocol, TypedDict

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import InvalidRegionError

from deployments.storage.settings import StorageSettings
from models.errors import ConfigurationError

__all__ = ["ObjectAnswer", "PageAnswer", "S3Client", "build_client"]


class Body(Protocol):
    """A body that is read as it comes in."""

    def iter_chunks(self, chunk_size: int) -> Iterator[bytes]:
        """Read the body piece by piece, and compare length and checksum at the end."""

    def close(self) -> None:
        """Close the body. This also closes the connection, unless the body was read to its end."""


class ObjectAnswer(TypedDict, total=False):
    """The answer to GetObject."""

    Body: Body
    ContentLength: int
    ContentEncoding: str


class HeadAnswer(TypedDict):
    """The answer to HeadObject."""

    ContentLength: int
    ETag: str
    LastModified: str


class WrittenAnswer(TypedDict):
    """The answer to PutObject."""

    ETag: str


class Item(TypedDict):
    """One key of a listing."""

    Key: str
    Size: int
    ETag: str
    LastModified: str


class PageAnswer(TypedDict, total=False):
    """The answer to ListObjectsV2: at most 1,000 keys, and the token of the next page."""

    Contents: list[Item]
    NextContinuationToken: str


class Meta(Protocol):
    """The client's own data."""

    @property
    def endpoint_url(self) -> str:
        """The URL to which the client connects."""


class S3Client(Protocol):
    """The calls that `S3Storage` makes."""

    @property
    def meta(self) -> Meta:
        """The client's own data."""

    def get_object(self, *, Bucket: str, Key: str, Range: str = ...) -> ObjectAnswer:
        """Ask for an object, or for a part of it."""

    def head_object(self, *, Bucket: str, Key: str) -> HeadAnswer:
        """Ask for an object's size, mark and time."""

    def head_bucket(self, *, Bucket: str) -> object:
        """Ask whether a bucket exists and may be used."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> WrittenAnswer:
        """Store an object, which replaces another at once or not at all."""

    def delete_object(self, *, Bucket: str, Key: str) -> object:
        """Remove an object, if it exists."""

    def list_objects_v2(self, *, Bucket: str, Prefix: str, ContinuationToken: str = ...) -> PageAnswer:
        """Ask for one page of keys."""

    def close(self) -> None:
        """Close the pooled connections."""


def build_client(settings: StorageSettings) -> S3Client:
    """Make a client from boto3's own chain of settings and credentials. Clients may be shared by threads.

    Args:
        settings: Time-outs and connections.

    Returns:
        The client, which is not connected yet.

    Raises:
        ConfigurationError: Endpoint or region are not valid.
        botocore.exceptions.ProfileNotFound: AWS_PROFILE names a profile that does not exist.
    """
    config = Config(
        connect_timeout=settings.connect_timeout_s,
        read_timeout=settings.read_timeout_s,
        max_pool_connections=settings.max_connections,
        # boto3 makes one attempt: `Retry` repeats it under one time limit, even if a body breaks off.
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="rayocr",
    )
    # To parse the times of a listing would take longer than all the rest of it, and they compare just as well as text.
    # The AWS command line does the same, so boto3's chain of credentials copes with it.
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    try:
        client: S3Client = boto3.session.Session(botocore_session=core).client("s3", config=config)
    except (ValueError, InvalidRegionError) as error:
        raise ConfigurationError(f"boto3 can't use its settings (AWS_ENDPOINT_URL, AWS_REGION): {error}") from error
    return client
