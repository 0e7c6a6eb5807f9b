"""Keeps the files of a Ray that the service starts from other users of the machine, whatever the umask."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from serve.ray_patches.names import PrivateName

__all__ = ["PRIVATE_NAMES", "private_files"]

_SHARE_DIRECTORY = PrivateName(
    "ray._common.utils",
    "try_make_directory_shared",
    "any user of the machine reads the logs of a session and connects to its sockets",
)

PRIVATE_NAMES = (_SHARE_DIRECTORY,)
"""What is taken from Ray here."""


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """Have the folder of a session that is made in the block, and Ray's token, opened by this user alone.

    Raises:
        RayocrError: This Ray makes its folders in another way.
    """
    _keep_token_private()
    with _SHARE_DIRECTORY.replaced(_set_mode):
        yield
    _keep_token_private()  # Ray has made it, if there was none


def _set_mode(directory: str) -> None:
    """Make folders of a session private. The folder of all sessions belongs to all users, as Ray has it."""
    is_of_session = any(part.startswith("session_") for part in Path(directory).parts)
    with contextlib.suppress(PermissionError):  # the folder of all sessions may be another user's
        Path(directory).chmod(0o700 if is_of_session else 0o777)


def _keep_token_private() -> None:
    # Without a home that can be written, Ray itself says what it needs.
    with contextlib.suppress(OSError, RuntimeError):
        folder = Path.home() / ".ray"
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        token = folder / "auth_token"
        if token.exists():
            token.chmod(0o600)
