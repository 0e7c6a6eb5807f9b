"""Tesseract, called by its command line as most of its users do: one process a picture.

Its own threads don't pay: they spin while they wait for each other, so that on two cores a receipt took 2-3 times the
CPU, and many times that beside other work (Tesseract 5.3.0). So it gets OMP_THREAD_LIMIT=1 and as many processes at
once as there are cores, which is its best throughput. Unlike the others it must be told the language.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable

from loadtest.data.accuracy import Unit
from loadtest.data.labels import ResultLine
from loadtest.errors import LoadtestError
from loadtest.peers.base import LoadedPeer, PeerOptions

__all__ = ["lines_from_tsv", "load_tesseract"]

_LANGUAGES = {Unit.WORD: "eng", Unit.CHAR: "chi_sim"}
_PACKAGES = {"eng": "tesseract-ocr", "chi_sim": "tesseract-ocr-chi-sim"}
_WORD_LEVEL = "5"
_PAGE_TIMEOUT_S = 300.0
_COLUMNS = 12


def load_tesseract(options: PeerOptions) -> LoadedPeer:
    """Find the program and its language.

    Args:
        options: Its threads are processes at once.

    Raises:
        LoadtestError: The program or the language's data is not installed.
    """
    language = _LANGUAGES[options.unit]
    program = shutil.which("tesseract")
    if program is None:
        raise LoadtestError("there is no tesseract on PATH; Debian has it: apt-get install tesseract-ocr")
    version = _output(program, "--version").split("\n", 1)[0].strip()
    if language not in _output(program, "--list-langs").split():
        raise LoadtestError(f"tesseract has no language {language}; Debian: apt-get install {_PACKAGES[language]}")
    command = [program, "-", "-", "-l", language, "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    joint = "" if options.unit is Unit.CHAR else " "

    def read(content: bytes) -> list[ResultLine]:
        done = subprocess.run(
            command, input=content, capture_output=True, env=environment, timeout=_PAGE_TIMEOUT_S, check=True
        )
        return lines_from_tsv(done.stdout.decode("utf-8"), joint)

    at_once = options.threads or len(os.sched_getaffinity(0))
    subject = f"{version} (language {language}, processes at once: {at_once}, one thread each)"
    return LoadedPeer(subject, read, at_once, has_children=True)


def lines_from_tsv(text: str, joint: str = " ") -> list[ResultLine]:
    """Put the words of Tesseract's TSV output together to lines.

    Its rows are `level page block paragraph line word left top width height conf text`; level 5 are words, boxes are in
    pixels of the picture. A line's polygon is the box around its words.

    Args:
        text: The whole output, its row of titles included.
        joint: What stands between two words of a line.

    Raises:
        ValueError: A row is not as documented.
    """
    words: dict[tuple[str, ...], list[tuple[str, tuple[int, int, int, int]]]] = {}
    for row in text.split("\n")[1:]:
        cells = row.rstrip("\r").split("\t")
        if cells[0] != _WORD_LEVEL:
            continue
        if len(cells) != _COLUMNS:
            raise ValueError(f"not a row of Tesseract's TSV: {row!r}")
        left, top, width, height = (int(cell) for cell in cells[6:10])
        if cells[11].strip():
            box = (left, top, left + width, top + height)
            words.setdefault(tuple(cells[1:5]), []).append((cells[11], box))
    return [
        ResultLine(joint.join(word for word, _ in line), _around(box for _, box in line)) for line in words.values()
    ]


def _around(boxes: Iterable[tuple[int, int, int, int]]) -> list[tuple[float, float]]:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    left, top, right, bottom = float(min(lefts)), float(min(tops)), float(max(rights)), float(max(bottoms))
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _output(*command: str) -> str:
    """What a program prints, on either stream: older versions of Tesseract use stderr."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PAGE_TIMEOUT_S, check=False)
    return done.stdout + done.stderr
