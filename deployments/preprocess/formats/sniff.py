"""Telling a document's type from its first bytes, never from its name."""

import mimetypes
import re
from pathlib import PurePosixPath

from deployments.document import Document
from deployments.preprocess.formats.signatures import (
    BRANDS,
    CONTAINER_BRANDS,
    EXTENSIONS,
    READABLE,
    RECOGNIZED,
    ImageFormat,
)
from models.errors import Undecodable, UnsupportedType

__all__ = ["extension_contradicts", "sniff", "unsupported"]

_READ = "rayocr reads PDF, JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, GIF, BMP, Netpbm, PCX and TGA"

# A PDF header or a picture's magic is looked for up to here: readers of PDF accept 1024 bytes before `%PDF-`
# (ISO 32000-1, annex H.3.4.1).
_SEARCH_BYTES = 1024

# The first entries of a ZIP archive tell its kind.
_ZIP = "ZIP archive"
_ZIP_SEARCH_BYTES = 8192
_OFFICE_EXTENSION = re.compile(r"\.(doc|xls|ppt|pps|od)\w{1,2}")

# Sizes of the BMP header variants, OS/2 1.x to version 5. Text that begins with "BM" has none of these there.
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

# These magics are too long to turn up by chance in other data.
_DISPLACED = ((ImageFormat.PNG, b"\x89PNG\r\n\x1a\n"), (ImageFormat.JPEG, b"\xff\xd8\xff\xe0\x00\x10JFIF"))

_PDF = b"%PDF-"

_TO_PDF = "; convert it to PDF first, for example with `libreoffice --headless --convert-to pdf FILE`"
_AS_PICTURE = "; export it as JPEG or PNG"

# Advice by a word of the kind; the first that fits counts.
_ADVICE = {
    "camera raw": _AS_PICTURE,
    "JPEG XL": _AS_PICTURE,
    "Photoshop": _AS_PICTURE,
    "icon": _AS_PICTURE,
    "SVG": _AS_PICTURE,
    "Office": _TO_PDF,
    "OpenDocument": _TO_PDF,
    "EPUB": "; convert it to PDF first",
    "RTF": _TO_PDF,
    "PostScript": "; convert it to PDF first, for example with `ps2pdf FILE`",
    "DjVu": "; convert it to PDF first, for example with `ddjvu -format=pdf FILE FILE.pdf`",
    "archive": "; unpack it and send the documents in it",
    "HTML": "; print it to PDF first",
}


def sniff(document: Document) -> ImageFormat:
    """Find the format of a document.

    Args:
        document: Any document.

    Returns:
        The format that the magic bytes name. The rest of the file may still be damaged.

    Raises:
        UnsupportedType: The document is empty, or of a type that is unknown or not read.
        Undecodable: A picture begins later in the file, after bytes that are not part of it.
    """
    data = document.data
    if not data:
        raise UnsupportedType(f"the document is empty (0 bytes); {_READ}")
    found = _readable_format(data)
    if found is not None:
        return found
    kind = _recognized_kind(document)
    if kind is not None:
        raise unsupported(document, kind)
    if data.find(_PDF, 0, _SEARCH_BYTES) > 0:
        return ImageFormat.PDF
    for image_format, magic in _DISPLACED:
        offset = data.find(magic, 0, _SEARCH_BYTES)
        if offset > 0:
            raise Undecodable(
                f"the {image_format} picture begins only at byte {offset}, after bytes that are not part of it; "
                "send the file without them"
            )
    raise unsupported(document, _text_kind(data))


def unsupported(document: Document, kind: str | None) -> UnsupportedType:
    """Make the error for a document of a type that is not read.

    Args:
        document: The document, whose name is quoted.
        kind: A person's word for the content; None if it was not recognized.
    """
    extension = _extension(document)
    advice = next((text for word, text in _ADVICE.items() if kind and word in kind), "")
    shown = kind or "content not recognized"
    if extension in EXTENSIONS:
        shown += f", although the name ends in {extension}"
    elif extension:
        shown = f"{extension} ({shown})"
    return UnsupportedType(f"unsupported format: {shown}; {_READ}{advice}")


def extension_contradicts(document: Document, image_format: ImageFormat) -> bool:
    """Ask whether the name's extension promises another type than the content has.

    Args:
        document: The document. No name, or a name without extension, contradicts nothing.
        image_format: The format that `sniff` found.
    """
    extension = _extension(document)
    if extension in EXTENSIONS:
        return EXTENSIONS[extension] is not image_format
    # The interpreter's table knows types that are not read, such as .txt. An unknown extension (scan.001) promises
    # nothing.
    return extension in mimetypes.types_map


def _extension(document: Document) -> str:
    # A very long "extension" is none, and would make the message unreadable.
    extension = PurePosixPath(document.name or "").suffix.lower()
    return extension if re.fullmatch(r"\.\w{1,10}", extension) else ""


def _readable_format(data: bytes) -> ImageFormat | None:
    if data.startswith(b"CR\x02\x00", 8):
        return None
    for image_format, offset, magic in READABLE:
        if data.startswith(magic, offset):
            if image_format is ImageFormat.BMP and int.from_bytes(data[14:18], "little") not in _BMP_HEADER_SIZES:
                continue
            if image_format is ImageFormat.WEBP and not data.startswith(b"RIFF"):
                continue
            return image_format
    if data.startswith(b"ftyp", 4):
        return _branded_format(data)
    if re.match(rb"P[1-6f]\s", data):
        return ImageFormat.NETPBM
    if data.startswith(_PDF):
        return ImageFormat.PDF
    # Truevision's TGA has a signature at the file's end. The original TGA has none.
    if data.endswith(b"TRUEVISION-XFILE.\x00"):
        return ImageFormat.TGA
    return None


def _branded_format(data: bytes) -> ImageFormat | None:
    """Tell HEIC from AVIF by the brands of the first box: the major one, its version, then the compatible ones."""
    end = min(int.from_bytes(data[:4], "big"), _SEARCH_BYTES)
    brands = [data[8:12], *(data[start : start + 4] for start in range(16, end - 3, 4))]
    found = next((BRANDS[brand] for brand in brands if brand in BRANDS), None)
    if found is None and not CONTAINER_BRANDS.isdisjoint(brands):
        return ImageFormat.HEIC
    return found


def _recognized_kind(document: Document) -> str | None:
    data = document.data
    for kind, offset, magic in RECOGNIZED:
        if data.startswith(magic, offset):
            return _zip_kind(document) if kind == _ZIP else kind
    if re.match(rb"P[7F]\s", data):
        return "Netpbm picture of a rare kind"
    return None


def _zip_kind(document: Document) -> str:
    """Tell documents that are ZIP archives from other archives, by their first bytes or by their name."""
    head = document.data[:_ZIP_SEARCH_BYTES]
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        return "Microsoft Office document"
    if b"mimetypeapplication/vnd.oasis.opendocument" in head:
        return "OpenDocument file"
    if b"mimetypeapplication/epub+zip" in head:
        return "EPUB book"
    if _OFFICE_EXTENSION.fullmatch(_extension(document)):
        return "Office document"
    return _ZIP


def _text_kind(data: bytes) -> str | None:
    """Name a kind of text. Returns None if the bytes are not text."""
    head = data[:_SEARCH_BYTES]
    try:
        # Text stays text if a character is cut in half at the end of the head.
        text = head.decode("utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", errors="strict")
    except UnicodeDecodeError as exc:
        if exc.start < len(head) - 4:
            return None
        text = head[: exc.start].decode("utf-8", errors="replace")
    if not all(character.isprintable() or character.isspace() for character in text):
        return None
    lowered = text.lstrip().lower()
    if "<svg" in lowered:
        return "SVG picture"
    if lowered.startswith(("<!doctype html", "<html")):
        return "HTML page"
    if lowered.startswith("<?xml"):
        return "XML document"
    if lowered.startswith(("{", "[")):
        return "JSON document"
    return "text"
