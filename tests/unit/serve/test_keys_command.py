"""`rayocr keys new`: the key is told once, and its hash is kept."""

from pathlib import Path

import pytest

from serve.api.keys import ApiKeys
from serve.cli.application import run
from serve.cli.console import Invocation

USAGE, CONFIGURATION = 64, 78


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    assert run(["keys", "new", *arguments], Invocation()) == 0
    out, err = capsys.readouterr()
    return out.rstrip("\n"), err


async def test_the_newest_two_keys_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_keys = [made(capsys, "ann", "--directory", str(tmp_path))[0] for _ in range(3)]
    known = ApiKeys(tmp_path)
    assert [await known.client_of(key) for key in made_keys] == [None, "ann", "ann"]
    assert not any(key in (tmp_path / "ann").read_text() for key in made_keys)


def test_file_is_for_its_owner_alone_and_nothing_else_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(capsys, "ann", "--directory", str(tmp_path))
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("ann", 0o600)]


async def test_only_ends_the_earlier_key_and_plain_keeps_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, said = made(capsys, "ann", "--directory", str(tmp_path))
    assert "it is the client's only key" in said
    second, said = made(capsys, "ann", "--directory", str(tmp_path), "--only", "--plain")
    assert "it is the client's only key" in said
    known = ApiKeys(tmp_path)
    assert await known.client_of(first) is None
    assert await known.secrets_of("ann") == [second]


def test_without_a_folder_the_line_for_a_secret_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    key, said = made(capsys, "scanner-room")
    assert len(key) == 43
    assert "the content of the file scanner-room in http.api_keys_directory: sha256:" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["../ann"], USAGE, "the client '../ann' is not a name of letters"),
        ([".ann"], USAGE, "the client '.ann' is not a name of letters"),
        (["ann", "--directory", "/nowhere"], CONFIGURATION, "can't be kept in /nowhere/ann: No such file or directory"),
    ],
)
def test_what_can_not_be_done(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    assert run(["keys", "new", *arguments], Invocation()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_file_with_a_fault_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ann").write_text("short")
    assert run(["keys", "new", "ann", "--directory", str(tmp_path)], Invocation()) == CONFIGURATION
    assert "the API key of ann has 5 characters" in capsys.readouterr().err
    assert (tmp_path / "ann").read_text() == "short"
