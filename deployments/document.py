"""A document as it came in: bytes that nobody has decoded yet."""

from dataclasses import dataclass

__all__ = ["Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of one uploaded or fetched file.

    Args:
        data: The whole file.
        name: File name or key, only for messages and warnings; it is never trusted to tell the type. None if unknown.
    """

    data: bytes
    name: str | None = None
