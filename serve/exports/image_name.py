"""What the file that was read is called, in formats that name it."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from serve.exports.base import ReadDocument
from serve.exports.xml_document import xml_text

__all__ = ["image_name"]


def image_name(read: ReadDocument) -> str | None:
    """The name of the file, without its folders; None if it is not known.

    Folders lie elsewhere for whoever gets the result, and an address may carry a signature that is nobody's business.
    """
    if read.name is None:
        return None
    path = unquote(urlsplit(read.name).path) if "://" in read.name else read.name.replace("\\", "/")
    return xml_text(PurePosixPath(path).name) or None
