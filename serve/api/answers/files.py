"""Names files that are sent as answers, and keeps browsers from running them."""

import re
from urllib.parse import quote

__all__ = ["file_headers"]

# Control characters, and characters with a meaning in a path, in a shell of Windows, or in the header itself.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|;%]+')
# With an extension, the name must fit into the 255 bytes of file systems, and a character may take four bytes.
_LONGEST_NAME = 60


def file_headers(title: str | None, media_type: str, extension: str) -> dict[str, str]:
    """Make the headers of an answer that is a file: its type, and a name for it (RFC 6266).

    Args:
        title: The client's name for the document. Its last part is taken, without its extension.
        media_type: Media type of the file, without parameters. Text is UTF-8.
        extension: Extension of the file, with its dot.
    """
    is_text = media_type.startswith("text/") or media_type.endswith("xml")
    return {
        "Content-Type": f"{media_type}; charset=utf-8" if is_text else media_type,
        # The file is to be saved: a document's text must not become a web page of this service.
        "Content-Disposition": _disposition(_stem(title), extension),
        "X-Content-Type-Options": "nosniff",
    }


def _stem(title: str | None) -> str:
    last = (title or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    whole = stem.encode(errors="replace").decode()  # no lone surrogates
    return _UNSAFE.sub("_", whole).strip(" .")[:_LONGEST_NAME].rstrip() or "document"


def _disposition(stem: str, extension: str) -> str:
    plain = re.sub(r"[^ -~]", "_", stem)
    extended = "" if plain == stem else f"; filename*=UTF-8''{quote(stem + extension, safe='')}"
    return f'attachment; filename="{plain}{extension}"{extended}'
