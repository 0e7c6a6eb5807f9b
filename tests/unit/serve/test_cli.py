"""The command line's parts, without a process."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import SourceNotFound
from serve.cli.console import Invocation, one_line
from serve.cli.files.ordered import ordered_map
from serve.cli.files.results import json_text
from serve.cli.files.sources import SkippedFiles, Source, count_documents, is_folder, walk_sources
from serve.results import LineResult, OcrPage, OcrResult

ROOT = Path(__file__).parents[3]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "deep/a.png"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_walk_keeps_the_order_and_tells_listed_from_named(files: Path) -> None:
    storage = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
    found = list(walk_sources(["x.png", str(files), "-"], storage))
    assert found == [
        Source("x.png"),
        Source(f"{files}/b.png", str(files), size_bytes=1),
        Source(f"{files}/deep/a.png", str(files), size_bytes=1),
        Source("-"),
    ]


def test_failed_listing_takes_its_place_among_the_sources(files: Path) -> None:
    (files / "deep/loop").symlink_to(files)
    storage = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
    found = list(walk_sources([str(files), "x.png"], storage))
    assert [source.error is not None for source in found] == [False, False, True, False]


def test_local_documents_are_counted_and_buckets_are_not(files: Path) -> None:
    storage = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
    assert count_documents([str(files), "x.png"], storage) == 3
    assert count_documents([str(files), "s3://bucket/prefix/"], storage) is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://bucket/prefix/", True),
        ("s3://bucket/", True),
        ("s3://bucket/key", False),
        ("https://example.com/folder/", False),
        ("-", False),
        ("data:image/png;base64,aaaa/", False),
        (".", True),
        ("gone", False),
    ],
)
def test_folder_is_told_from_document(location: str, expected: bool) -> None:
    assert is_folder(location) is expected


def test_file_url_of_a_folder_is_a_folder(files: Path) -> None:
    assert is_folder(f"file://{files}")


def test_data_url_has_a_short_name() -> None:
    assert Source("data:image/png;base64," + "A" * 100).name == "data:image/png;base64,AAAAAAAAAAAAAAAAAA..."


def test_query_of_an_address_is_not_shown() -> None:
    source = Source("https://scans.example.com/a/b.pdf?X-Amz-Signature=s3cr3t#x")
    assert (source.name, source.title) == ("https://scans.example.com/a/b.pdf",) * 2
    assert source.has_document_name
    assert Source("s3://scans/what?.pdf").name == "s3://scans/what?.pdf"


def test_skipped_files_are_counted_by_extension() -> None:
    skipped = SkippedFiles()
    for name in ("a.heic", "b.HEIC", "c.txt", "README"):
        skipped.add(Source(name))
    assert skipped.summary() == (
        "skipped 4 files in folders that rayocr does not read: 2 .heic, 1 .txt, 1 no extension"
    )


def test_results_come_in_order_whatever_finishes_first() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_done.wait(10)
        if item == 2:
            second_done.set()
        return item * 10

    assert list(ordered_map(work, [1, 2, 3], workers=2)) == [10, 20, 30]


def test_items_are_taken_no_further_than_the_look_ahead() -> None:
    taken: list[int] = []
    release = threading.Event()

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    def work(item: int) -> int:
        release.wait(10)
        return item

    results = ordered_map(work, items(), workers=2)
    threading.Timer(0.0, release.set).start()
    assert next(results) == 0
    assert len(taken) <= 17, "eight for each worker, and the one that made room"
    results.close()  # type: ignore[attr-defined]  # a generator


def test_error_is_raised_in_its_place() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise SourceNotFound("2 is gone")
        return item

    results = ordered_map(work, [1, 2, 3], workers=2)
    assert next(results) == 1
    with pytest.raises(SourceNotFound, match="2 is gone"):
        next(results)


def test_pretty_json_keeps_a_polygon_on_one_line() -> None:
    line = LineResult(text="[\n 1,\n 2\n]", confidence=0.9, polygon=((1.0, 2.0), (3.0, 2.5), (3.0, 4.0), (1.0, 4.0)))
    page = OcrPage(page=1, width=10, height=10, rotation=0, lines=[line], text=line.text)
    result = OcrResult(id="x", model="m", pages=[page], text=line.text, warnings=[], timings_ms={})
    text = json_text("a.png", result, is_pretty=True)
    assert '          "polygon": [[1.0, 2.0], [3.0, 2.5], [3.0, 4.0], [1.0, 4.0]],\n' in text
    assert '"text": "[\\n 1,\\n 2\\n]"' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb\t c", "a b c"), ("\x1b[31mred", "\\x1b[31mred"), ("文字 é", "文字 é"), ("\udce9", "\\udce9")],
    ids=["white-space", "escape", "letters", "surrogate"],
)
def test_one_line_is_safe_for_a_terminal(text: str, expected: str) -> None:
    assert one_line(text) == expected


def test_version_imports_nothing_heavy() -> None:
    program = (
        "import sys; from serve.cli.application import run; from serve.cli.console import Invocation;"
        "code = run(['version'], Invocation()); heavy = {'ray', 'numpy', 'cv2', 'PIL', 'openvino', 'onnxruntime',"
        "'boto3', 'rich', 'pydantic_settings'} & set(sys.modules); sys.exit(f'imported: {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_unforeseen_error_ends_with_70_and_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from serve.cli import application

    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("serve.cli.application.rayocr_version", broken)
    assert application.run(["version"], Invocation()) == 70
    error = capsys.readouterr().err
    assert error.startswith("Traceback (most recent call last):")
    assert error.endswith("rayocr: this is a bug in rayocr: please report it with the lines above\n")


def test_error_that_an_interrupt_became_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from serve.cli import application

    def interrupted() -> None:
        # As `threading.Condition` does where Ctrl-C falls into `wait`.
        lock = threading.Lock()
        with lock:
            lock.release()
            raise KeyboardInterrupt

    monkeypatch.setattr("serve.cli.application.rayocr_version", interrupted)
    assert application.run(["version"], Invocation()) == 130
    assert capsys.readouterr() == ("", "")
