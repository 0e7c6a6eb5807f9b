"""Tasks: the work that a child process does, and how it refuses some."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from deployments.sandbox.messages import Message

__all__ = ["Refused", "Task"]


class Refused(Exception):
    """A request that can't be fulfilled. The child raises it, and the parent raises it again.

    Args:
        reason: A word that the parent turns into an error. The worker adds `memory` if an allocation failed, and
            `internal` if our own code did.
        detail: A text for the message to a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Task(ABC):
    """The only work that a child can do. Each process makes one, by its class without arguments."""

    is_watched: ClassVar[bool]
    """The bound on memory: True for a thread that ends the process, False for allocations that fail.

    A thread can't look while the library holds the interpreter's lock. Failed allocations do not bound a library that
    takes them for an empty answer.
    """

    @abstractmethod
    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Do what a request asks for, within its limits.

        Args:
            request: The parent's message.
            files: Descriptors of the files in memory that came with it; empty if `keeps_files_of` the request. The
                worker closes them.

        Returns:
            The answer; and a file in memory that goes with it, which the worker closes, or None.

        Raises:
            Refused: The request can't be fulfilled.
            MemoryError: It does not fit the limit.
        """

    @property
    def kept_file_bytes(self) -> int:
        """Size of the files that the task keeps mapped between calls."""
        return 0

    def keeps_files_of(self, request: Message) -> bool:
        """Ask whether a request can be answered without its files, since an earlier call brought them.

        Args:
            request: The parent's message.
        """
        return False

    def forget(self) -> bool:
        """Give back what is kept between calls, since it has become large.

        Returns:
            Whether there was anything.
        """
        return False
