"""Keys of clients in a folder: who is known, what is refused, and what happens when the folder changes."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serve.api.keys import ApiKeys, hash_line
from tests.unit.serve.clock import LATER_S, Clock

ALICE, BOB = "a1b2c3d4e5f60718", "0011223344556677"


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What is logged as an error."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("ray.serve")
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As a Secret of Kubernetes is mounted: what has names is a link into a folder that is swapped whole."""
    mount(tmp_path, "1", alice=f"{ALICE}\n")
    return tmp_path


def mount(folder: Path, version: str, **keys: str) -> None:
    data = folder / f"..version-{version}"
    data.mkdir()
    for client, key in keys.items():
        (data / client).write_text(key)
    fresh = folder / "..data_tmp"
    fresh.symlink_to(data.name)
    fresh.rename(folder / "..data")
    for link in folder.iterdir():
        if not link.name.startswith("."):
            link.unlink()
    for client in keys:
        (folder / client).symlink_to(f"..data/{client}")


def move(source: Path, target: Path) -> Path:
    return source.rename(target)


async def test_key_tells_the_client(folder: Path) -> None:
    keys = ApiKeys(folder)
    assert await keys.client_of(ALICE) == "alice"
    for unknown in (BOB, ALICE[:-1], ALICE + "0", ALICE.upper(), ""):
        assert await keys.client_of(unknown) is None


async def test_change_holds_some_seconds_later(folder: Path, clock: Clock) -> None:
    keys = ApiKeys(folder, clock)
    mount(folder, "2", bob=BOB)
    assert await keys.client_of(BOB) is None
    clock.now_s += LATER_S
    assert await keys.client_of(BOB) == "bob"
    assert await keys.client_of(ALICE) is None


async def test_unreadable_folder_keeps_the_keys_and_is_logged_once(
    folder: Path, clock: Clock, errors: list[str]
) -> None:
    keys = ApiKeys(folder, clock)
    away = move(folder, folder.with_name("away"))
    for _ in range(3):
        clock.now_s += LATER_S
        assert await keys.client_of(ALICE) == "alice"
    (error,) = errors
    assert "No such file or directory" in error
    mount(away, "2", bob=BOB)
    move(away, folder)
    clock.now_s += LATER_S
    assert await keys.client_of(ALICE) is None
    assert await keys.client_of(BOB) == "bob"


async def test_bad_key_later_keeps_all_as_they_were(folder: Path, clock: Clock) -> None:
    keys = ApiKeys(folder, clock)
    mount(folder, "2", alice=ALICE, bob="short")
    clock.now_s += LATER_S
    assert await keys.client_of(ALICE) == "alice"
    assert await keys.client_of("short") is None


async def test_emptied_folder_refuses_everybody(folder: Path, clock: Clock) -> None:
    keys = ApiKeys(folder, clock)
    mount(folder, "2")
    clock.now_s += LATER_S
    assert await keys.client_of(ALICE) is None


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no key in it: add a file for each client"),
        ({".hidden": ALICE}, "there is no key in it"),
        ({"alice": "0123456789abcde"}, "the API key of alice has 15 characters, less than 16: make one"),
        ({"alice": "  \n"}, "the file of alice holds no API key: make one with rayocr keys new"),
        ({"alice": f"{ALICE} {BOB}"}, "the API key of alice is not a single word"),
        ({"alice": f"{ALICE}\n{BOB}\n{BOB}1"}, "alice has 3 API keys: a client has one, and a second one while"),
        ({"alice": f"{ALICE}\n{hash_line(ALICE)}"}, "alice has one API key twice"),
        ({"alice": "sha256:0123456789abcdef"}, "the hash of alice's API key is not sha256: and 64 digits"),
        ({"alice": "schlüssel-schlüssel"}, "the API key of alice is not a single word"),
        ({"alice": ALICE, "bob": ALICE}, "the clients alice and bob have one API key"),
    ],
    ids=["empty", "hidden", "short", "blank", "two words", "three", "key and hash", "hash", "not ASCII", "twice"],
)
def test_folder_that_is_of_no_use_is_refused_at_the_start(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, key in files.items():
        (tmp_path / name).write_text(key)
    with pytest.raises(ConfigurationError, match=message) as caught:
        ApiKeys(tmp_path)
    assert not any(word in caught.value.message for key in files.values() for word in key.split())


def test_missing_folder_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere: No such file or directory \(http\.api_keys_directory\)"):
        ApiKeys(tmp_path / "nowhere")


@pytest.mark.parametrize("kept", [BOB, hash_line(BOB)], ids=["key", "hash"])
async def test_both_keys_of_a_client_hold_as_keys_or_hashes(folder: Path, clock: Clock, kept: str) -> None:
    keys = ApiKeys(folder, clock)
    mount(folder, "2", alice=f"{hash_line(ALICE)}\r\n\n{kept}\n")
    clock.now_s += LATER_S
    assert await keys.client_of(ALICE) == await keys.client_of(BOB) == "alice"
    assert await keys.client_of(hash_line(ALICE)) is None
    mount(folder, "3", alice=kept)
    clock.now_s += LATER_S
    assert await keys.client_of(ALICE) is None
    assert await keys.client_of(BOB) == "alice"


async def test_secrets_of_a_client_are_the_keys_that_hold(folder: Path, clock: Clock) -> None:
    keys = ApiKeys(folder, clock)
    assert await keys.secrets_of("alice") == [ALICE]
    for unknown in ("bob", "", ".", "..data", "../alice"):
        assert await keys.secrets_of(unknown) == []
        assert await keys.digests_of(unknown) == []
    mount(folder, "2", alice=BOB)
    assert await keys.secrets_of("alice") == []  # the one that was loaded is gone, and the new one does not hold yet
    clock.now_s += LATER_S
    assert await keys.secrets_of("alice") == [BOB]
    mount(folder, "3", alice=f"{hash_line(ALICE)}\n{BOB}")
    clock.now_s += LATER_S
    assert await keys.secrets_of("alice") == [BOB]
    assert len(await keys.digests_of("alice")) == 2
    mount(folder, "4", bob=ALICE)
    assert await keys.secrets_of("alice") == []
