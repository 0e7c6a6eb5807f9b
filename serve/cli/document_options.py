"""Checks the command line's options for documents."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.errors import MalformedRequest, SourceNotFound
from serve.documents.options import DocumentOptions

__all__ = ["document_options"]


def document_options(
    password_file: Path | None = None, fields_template: Path | None = None, **options: Any
) -> DocumentOptions:
    """Check the options of a command.

    Args:
        password_file: A file with the password of encrypted documents. A line break at its end does not count.
        fields_template: A file with a template of fields.
        options: The options, by the names of `DocumentOptions`.

    Raises:
        MalformedRequest: A value is out of range.
        SourceNotFound: The file of the password or of the template can't be read.
    """
    if password_file is not None:
        options["password"] = _content(password_file, "password").removesuffix("\n")
    if fields_template is not None:
        options["fields_template"] = _content(fields_template, "template of fields")
    try:
        return DocumentOptions.model_validate(options)
    except ValidationError as exc:
        problem = exc.errors(include_input=False)[0]
        where = "-".join(str(part) for part in problem["loc"]).replace("_", "-")
        raise MalformedRequest(f"--{where}: {problem['msg']}") from None  # no password in a trace


def _content(file: Path, what: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SourceNotFound(f"the {what} can't be read from {file}: {exc}") from exc
