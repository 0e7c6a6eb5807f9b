"""Shares a document among the calls that read its pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ray

from deployments.document import Document

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.serve.handle import DeploymentResponse

__all__ = ["SharedDocument"]


class SharedDocument:
    """Keeps a document where the replicas find it, so that it is fetched and stored once for all of its pages.

    Args:
        source: An uploaded document, or the location of one (`s3://`, `https://`, `data:`).
    """

    def __init__(self, source: Document | str) -> None:
        self._source = source
        self._stored: ObjectRef[Document] | DeploymentResponse[Any] | None = None
        self._was_given = False

    @property
    def location(self) -> str | None:
        """The location of the document; None if it was uploaded."""
        return self._source if isinstance(self._source, str) else None

    def reference(
        self, fetch: "Callable[[str], DeploymentResponse[Any]]"
    ) -> "Document | ObjectRef[Document] | DeploymentResponse[Any]":
        """Return the document as an argument for one call of a replica.

        Args:
            fetch: Begins to fetch the document of a location, and does not wait for it.
        """
        if self._stored is None:
            if isinstance(self._source, str):
                self._stored = fetch(self._source)
            elif self._was_given:  # most documents have one page, and are not worth storing
                self._stored = ray.put(self._source)
            else:
                self._was_given = True
                return self._source
        return self._stored

    def forget(self) -> None:
        """Fetch or store the document anew the next time: it may be lost with a replica."""
        self._stored = None
        self._was_given = False
