"""Checks the command line's options for documents."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.errors import MalformedRequest, SourceNotFound
from serve.documents.options import DocumentOptions

__all__ = ["document_options"]


def document_options(password_file: Path | None = None, **options: Any) -> DocumentOptions:
    """Check the options of a command.

    Args:
        password_file: A file with the password of encrypted documents. A line break at its end does not count.
        options: The options, by the names of `DocumentOptions`.

    Raises:
        MalformedRequest: A value is out of range.
        SourceNotFound: The password's file can't be read.
    """
    if password_file is not None:
        try:
            options["password"] = password_file.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise SourceNotFound(f"the password can't be read from {password_file}: {exc}") from exc
    try:
        return DocumentOptions.model_validate(options)
    except ValidationError as exc:
        problem = exc.errors(include_input=False)[0]
        where = "-".join(str(part) for part in problem["loc"]).replace("_", "-")
        raise MalformedRequest(f"--{where}: {problem['msg']}") from None  # no password in a trace
