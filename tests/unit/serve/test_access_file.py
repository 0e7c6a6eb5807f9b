"""The access file: what it gives to clients, what is refused, and what happens when it changes."""

import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.errors import ConfigurationError
from serve import run
from serve.config.access import AccessFile, check_access_file
from serve.config.settings import HttpSettings, Settings
from tests.unit.serve.clock import LATER_S, Clock

SCANS = ("s3://bucket/scans/",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for client in ("ann", "bob", "007", "on", ".hidden"):
        (tmp_path / client).write_text("0123456789abcdef")
    return tmp_path


def opened(folder: Path, text: str, clock: Clock | None = None) -> AccessFile:
    return AccessFile(written(folder, text), folder, clock or Clock())


def written(folder: Path, text: str) -> Path:
    path = folder / ".access.yaml"
    path.write_text(text)
    return path


def test_clients_have_what_the_file_gives_them(folder: Path) -> None:
    access = opened(folder, "keys: {ann: {read: ['s3://bucket/scans/'], write: ['s3://out']}, bob: {read: []}, on: {}}")
    access.check_names()
    assert access.of("ann").read == SCANS
    assert access.of("ann").write == ("s3://out",)
    assert access.of("bob").read == ()
    assert access.of("on").read is None
    assert access.of("somebody").read is None
    assert access.of("").read is None


def test_name_that_looks_like_a_number_is_a_name(folder: Path) -> None:
    access = opened(folder, "keys:\n  007:\n    read:\n      - s3://bucket/scans/\n")
    access.check_names()
    assert access.of("007").read == SCANS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file: Input should be"),
        ("- ann", "the file: Input should be"),
        ("clients: {}", r"keys: Field required; clients is not a right that rayocr knows.*form is keys: \{CLIENT"),
        ("keys: {ann: }", r"keys\.ann: Input should be"),
        ("keys: {ann: {reads: []}}", r"keys\.ann\.reads is not a right that rayocr knows"),
        ("keys: {ann: {read: s3://bucket/}}", r"keys\.ann\.read: Input should be a valid tuple"),
        ("keys: {ann: {read: [bucket/scans]}}", r"keys\.ann\.read: 'bucket/scans' is not s3://bucket or"),
        ("keys: {ann: {read: ['https://a.b/']}}", r"keys\.ann\.read: 'https://a\.b/' is not s3://bucket or"),
        ("keys: {ann: {doors: [ocr, page]}}", r"keys\.ann\.doors\.1: Input should be 'ocr', 'jobs', 'legacy'"),
        ("keys: {ann: {max_pages: -1}}", r"keys\.ann\.max_pages: Input should be greater than or equal to 1"),
        ("keys: {ann: {max_requests: many}}", r"keys\.ann\.max_requests: Input should be a valid integer"),
        ("keys: {ann: {weight: 0}}", r"keys\.ann\.weight: Input should be greater than 0"),
        ("keys: {ann: {expires: soon}}", r"keys\.ann\.expires: Input should be a valid datetime"),
        ("keys: {ann: {https: ['https://a.b']}}", r"keys\.ann\.https\.0: String should match pattern"),
        ("keys: {ann: {write: ['s3://bucket/../a']}}", r"keys\.ann\.write: 's3://bucket/\.\./a' is not"),
        ("keys: {ann: {}, bob: {}, ann: {read: ['s3://']}}", "is not valid YAML: ann is there twice"),
        ("keys: {ann: {read: []", "is not valid YAML"),
        ("keys: {? [ann] : {}}", "is not valid YAML"),
        ("[" * 5000, "is not valid YAML"),
        ("#" * (1 << 20) + "#", "has more than 1,048,576 bytes"),
    ],
    ids=lambda value: value[:40] or "empty",
)
def test_file_that_is_of_no_use_is_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"access\.yaml.*\(http\.access_file\).*{message}"):
        opened(folder, text)


def test_start_refuses_a_file_that_is_not_there_names_without_keys_and_no_keys(folder: Path) -> None:
    http = HttpSettings(api_keys_directory=str(folder), access_file=str(folder / "nowhere"))
    with pytest.raises(ConfigurationError, match=r"nowhere can't be read: No such file or directory \(http\.access"):
        check_access_file(http)
    path = written(folder, "keys: {anne: {}, bob: {}, .hidden: {}}")
    http = HttpSettings(api_keys_directory=str(folder), access_file=str(path))
    with pytest.raises(ConfigurationError, match=r"clients without an API key: \.hidden, anne; correct their names"):
        check_access_file(http)
    with pytest.raises(ValidationError, match=r"set http\.api_keys_directory, or leave http\.access_file out"):
        HttpSettings(access_file=str(path))


def test_serve_checks_the_file_before_it_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("check_bundle", "ApiKeys"):
        monkeypatch.setattr(run, name, lambda *_: None)
    path = written(folder, "keys: {anne: {}}")
    http = HttpSettings(api_keys_directory=str(folder), access_file=str(path), proxy="python")
    with pytest.raises(ConfigurationError, match="clients without an API key: anne"):
        run._check(Settings(http=http))


def test_change_holds_some_seconds_later(folder: Path, clock: Clock) -> None:
    access = opened(folder, "keys: {ann: {read: ['s3://bucket/scans/']}}", clock)
    assert access.of("ann").read == SCANS
    written(folder, "keys: {bob: {read: ['s3://bucket/scans/']}}")
    assert access.of("bob").read is None
    clock.now_s += LATER_S
    assert access.of("bob").read == SCANS
    assert access.of("ann").read is None


@pytest.mark.parametrize("fault", ["keys: {ann: {read: [scans]}}", "keys: {", "[" * 5000, None])
def test_fault_later_keeps_the_rights_and_is_logged_once(
    folder: Path, clock: Clock, fault: str | None, ray_errors: list[str]
) -> None:
    access = opened(folder, "keys: {ann: {read: ['s3://bucket/scans/']}}", clock)
    if fault is None:
        (folder / ".access.yaml").unlink()
    else:
        written(folder, fault)
    for _ in range(3):
        clock.now_s += LATER_S
        assert access.of("ann").read == SCANS
    (error,) = ray_errors
    assert error.endswith("the previous rights still hold")
    written(folder, "keys: {ann: {read: []}}")
    clock.now_s += LATER_S
    assert access.of("ann").read == ()
    assert len(ray_errors) == 1


def test_key_that_goes_later_is_logged_once_and_breaks_no_change(
    folder: Path, clock: Clock, ray_errors: list[str]
) -> None:
    access = opened(folder, "keys: {ann: {}, bob: {read: ['s3://bucket/scans/']}}", clock)
    (folder / "ann").unlink()
    for read in ("[]", "['s3://bucket/scans/']"):
        written(folder, f"keys: {{ann: {{}}, bob: {{read: {read}}}}}")
        clock.now_s += LATER_S
        assert access.of("bob").read == (() if read == "[]" else SCANS)
    (error,) = ray_errors
    assert "names clients without an API key: ann" in error


@pytest.fixture
def ray_errors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged as an error."""
    messages: list[str] = []
    monkeypatch.setattr(logging.getLogger("ray.serve"), "error", lambda form, *args: messages.append(form % args))
    return messages
