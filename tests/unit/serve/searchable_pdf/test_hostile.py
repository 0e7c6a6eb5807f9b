"""PDFs that are broken, or built to fill memory and time."""

import resource
import zlib

import pytest

from models.errors import Undecodable
from tests.unit.serve.searchable_pdf.results import exported, line, page

WORDS = page(line("hello world", 60, 60))


def stream(parts: bytes, times: int = 1, *, start: bytes = b"", end: bytes = b"", entries: bytes = b"") -> bytes:
    """A compressed stream of `parts` again and again."""
    coder = zlib.compressobj(1)  # quick; such parts shrink to next to nothing all the same
    chunk = parts * min(times, 10_000)
    coded = coder.compress(start)
    for _ in range(max(1, times // 10_000)):
        coded += coder.compress(chunk)
    coded += coder.compress(end) + coder.flush()
    return b"<< %s /Filter /FlateDecode /Length %d >> stream\n%s\nendstream" % (entries, len(coded), coded)


def pdf_of(*objects: bytes) -> bytes:
    """A file without a table of objects, which qpdf rebuilds; the first is the catalog."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, content) for number, content in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def pdf_with_table(*objects: bytes, packed: bytes) -> bytes:
    """A file whose last object, the one after `objects`, lies in the stream `packed` of compressed objects."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate((*objects, packed), start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number + (content is packed), content)
    rows = [b"\x00\x00\x00\x00\x00", *(b"\x01%s\x00" % offset.to_bytes(3, "big") for offset in offsets[:-1])]
    rows += [b"\x02\x00\x00%c\x00" % (len(objects) + 2), b"\x01%s\x00" % offsets[-1].to_bytes(3, "big")]
    entries = b"/Type /XRef /Size %d /W [1 3 1] /Root 1 0 R" % len(rows)
    table = stream(b"".join(rows), entries=entries)
    return body + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (len(rows), table, len(body))


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 700] /Contents 4 0 R /Resources << >> %s >>"
EMPTY = stream(b"")

# A gigabyte of operators; and as many numbers as a page may hold, each an object of its own once parsed.
BOMB = stream(b"3 Tr q Q ", 110_000_000)
NUMBERS = stream(b"1 ", 1_990_000, start=b"BT 3 Tr [", end=b"] TJ ET")
MANY_NUMBERS = stream(b"1 ", 9_000_000, start=b"5 0 [", end=b"]", entries=b"/Type /ObjStm /N 1 /First 4")
TOO_MANY_NUMBERS = stream(b"1 ", 500_000_000, start=b"5 0 [", end=b"]", entries=b"/Type /ObjStm /N 1 /First 4")

CASES = {
    "zip bomb": (pdf_of(CATALOG, PAGES, PAGE % b"", BOMB), None),
    "numbers": (pdf_of(CATALOG, PAGES, PAGE % b"", NUMBERS), None),
    "holds itself": (pdf_of(CATALOG, PAGES, PAGE % b"/Loop 5 0 R", EMPTY, b"[ 5 0 R ]"), None),
    "huge box": (pdf_of(CATALOG, PAGES, PAGE % b"/MediaBox [0 0 1e30 1e-30]", EMPTY), None),
    "wrong types": (pdf_of(CATALOG, PAGES, PAGE % b"/MediaBox [/a (b)] /Resources 7 /Rotate (x)", b"(x)"), None),
    "many objects": (pdf_with_table(CATALOG, PAGES, PAGE % b"/More 5 0 R", EMPTY, packed=MANY_NUMBERS), "MB of memory"),
    "too many": (pdf_with_table(CATALOG, PAGES, PAGE % b"/More 5 0 R", EMPTY, packed=TOO_MANY_NUMBERS), "MB of memory"),
    "tree of itself": (pdf_of(CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1 >>"), "too damaged"),
    "garbage": (b"%PDF-1.7\n" + b"x" * 1_000_000, "too damaged"),
    "header only": (b"%PDF-1.7", "too damaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_costs_little_and_ends_well(case: str) -> None:
    data, refusal = CASES[case]
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    if refusal is None:
        assert exported(data, WORDS).startswith(b"%PDF-")
    else:
        with pytest.raises(Undecodable, match=refusal):
            exported(data, WORDS)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime < 5
