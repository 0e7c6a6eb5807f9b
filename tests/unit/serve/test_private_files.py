"""The files of a Ray that the service starts: nobody else on the machine opens them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray._common.utils import try_to_create_directory

from serve.ray_patches.private_files import private_files


@pytest.fixture(params=[0, 0o077], ids=["open umask", "closed umask"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("has_token", [False, True])
def test_session_and_token_are_private(has_token: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    home, root = tmp_path / "home", tmp_path / "ray"
    (home / ".ray").mkdir(parents=True)
    token = home / ".ray" / "auth_token"
    if has_token:
        token.write_text("secret")
    with private_files():
        for folder in (root, root / "session_2026-11-30_01", root / "session_2026-11-30_01" / "logs"):
            try_to_create_directory(folder)  # type: ignore[no-untyped-call]
        token.write_text("secret")
    assert (mode(home / ".ray"), mode(token)) == (0o700, 0o600)
    assert mode(root) == 0o777  # sessions of other users are there too
    assert {mode(path) for path in root.rglob("*")} == {0o700}


def test_home_that_can_not_be_written_is_left_to_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    with private_files():
        pass
