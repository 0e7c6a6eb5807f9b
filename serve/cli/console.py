"""Writes to the terminal beside the results: one line on stderr for each thing that a person should know."""

import os
import sys
import traceback
import warnings
from dataclasses import dataclass

__all__ = ["Invocation", "complain", "discard_stdout", "hide_library_notes", "one_line", "portable_text"]


@dataclass(slots=True)
class Invocation:
    """One run of the command line, known to `main` and to the command.

    Args:
        debug: Whether errors come with their traceback.
        has_workers: Whether threads may be inside a net, which nothing can interrupt.
    """

    debug: bool = False
    has_workers: bool = False


def complain(message: str, error: BaseException | None = None) -> None:
    """Write one line to stderr, under the program's name.

    Args:
        message: A message for a person.
        error: An error whose traceback is written first; None for no traceback.
    """
    if error is not None:
        traceback.print_exception(error, file=sys.stderr)
    print(f"rayocr: {one_line(message)}", file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """Make text fit for one line of a terminal: white space becomes single spaces, control characters are escaped.

    File names and messages of libraries may hold anything, escape sequences included.
    """
    text = " ".join(text.split())
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def portable_text(text: str) -> str:
    """Make a file name fit for UTF-8: other bytes, which Python keeps as lone surrogates, become U+FFFD."""
    return os.fsencode(text).decode("utf-8", errors="replace")


def discard_stdout() -> None:
    """Discard buffered output, so that the interpreter does not fail on it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def hide_library_notes() -> None:
    """Keep notes of libraries (Pillow's warnings, libtiff's lines) off stderr, on which each line is for a person.

    What they mean for the result is in its warnings. From now on, only Python writes to stderr; C code and the
    processes that are started write to nothing.
    """
    warnings.simplefilter("ignore")
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
