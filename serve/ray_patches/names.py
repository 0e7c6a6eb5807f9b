"""How the rest of the room names what it takes from Ray: each name with its Ray version, and what breaks without it."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import RayocrError

__all__ = ["RAY_VERSION", "PrivateName", "PrivateWord"]

RAY_VERSION = "2.60.0"
"""The Ray that every name here was read in. pyproject.toml pins the same."""


@dataclass(frozen=True, slots=True)
class PrivateName:
    """A name in a module of Ray that Ray may move without a word.

    Args:
        module: The module, such as `ray._private.node`.
        name: The name in it, such as `Node.start_monitor`.
        without: What breaks, or is lost, without it.
        ray: The version of Ray that it was read in.
    """

    module: str
    name: str
    without: str
    ray: str = RAY_VERSION

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    def find(self) -> Any:
        """Look it up; imports the module.

        Raises:
            RayocrError: This Ray has no such name.
        """
        owner, last = self._owner()
        return self._get(owner, last)

    def replace(self, value: object) -> None:
        """Put something in its place, for the rest of this process.

        Args:
            value: What stands there from now on.

        Raises:
            RayocrError: This Ray has no such name.
        """
        owner, last = self._owner()
        self._get(owner, last)
        setattr(owner, last, value)

    @contextmanager
    def replaced(self, value: object) -> Iterator[None]:
        """Put something in its place for a while.

        Args:
            value: What stands there until the end.

        Raises:
            RayocrError: This Ray has no such name.
        """
        before = self.find()
        self.replace(value)
        try:
            yield
        finally:
            self.replace(before)

    def _owner(self) -> tuple[Any, str]:
        try:
            owner: Any = importlib.import_module(self.module)
        except ImportError as exc:
            raise self._gone() from exc
        *parts, last = self.name.split(".")
        for part in parts:
            owner = self._get(owner, part)
        return owner, last

    def _get(self, owner: Any, name: str) -> Any:
        try:
            return getattr(owner, name)
        except AttributeError as exc:
            raise self._gone() from exc

    def _gone(self) -> RayocrError:
        import ray

        return RayocrError(
            f"Ray {ray.__version__} has no {self}, which rayocr takes from Ray {self.ray}; without it {self.without}"
        )


@dataclass(frozen=True, slots=True)
class PrivateWord:
    """A word that Ray reads or hands out beside its documented interface: a variable, an argument, a key.

    It can't be looked up. Where it stands in Ray is told, so that a test finds when it does no more.

    Args:
        file: A file of Ray that holds the word, as a path in the package.
        word: The word, as it stands there.
        without: What breaks, or is lost, without it.
        ray: The version of Ray that it was read in.
    """

    file: str
    word: str
    without: str
    ray: str = RAY_VERSION

    def __str__(self) -> str:
        return f"{self.file}:{self.word}"

    def is_there(self) -> bool:
        """Whether this Ray still holds the word."""
        import ray

        return self.word.encode() in (Path(ray.__file__).parent / self.file).read_bytes()
