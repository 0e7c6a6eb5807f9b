"""The files of a Ray that the service starts: nobody else on the machine opens them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from serve.ray_patches.local_ray import keep_token_private, private_folder


@pytest.fixture(params=[0, 0o077], ids=["open umask", "closed umask"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("_umask")
def test_token_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    keep_token_private()
    assert mode(tmp_path / ".ray") == 0o700  # before Ray writes the token there
    token = tmp_path / ".ray" / "auth_token"
    token.write_text("secret")
    (tmp_path / ".ray").chmod(0o755)  # of an earlier version
    keep_token_private()
    assert (mode(tmp_path / ".ray"), mode(token)) == (0o700, 0o600)


def test_home_that_can_not_be_written_is_left_to_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    keep_token_private()


@pytest.mark.usefixtures("_umask")
def test_sessions_have_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    folder = private_folder()
    folder.chmod(0o777)
    assert private_folder() == folder
    assert mode(folder) == 0o700


def test_folder_that_another_user_made_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    own = private_folder()
    own.rmdir()
    own.symlink_to("/")
    other = private_folder()
    assert (other.parent, mode(other)) == (tmp_path, 0o700)
    assert not other.is_symlink()
