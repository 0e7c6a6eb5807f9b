"""Writes the results of `rayocr read` to standard output, or to a file for each document."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from deployments.storage.file import FileStorage
from models.errors import Conflict, MalformedRequest
from serve.cli.files.names import check_output_names, output_name
from serve.cli.files.results import write_bytes, write_json, write_text
from serve.cli.files.sources import Source, is_folder
from serve.documents.local import LocalReading
from serve.documents.options import DocumentOptions
from serve.exports import Export, ReadDocument, export_format
from serve.results import OcrResult

__all__ = ["FolderOutput", "JsonOutput", "Output", "StreamOutput", "TextOutput", "build_output"]


class Output(ABC):
    """Takes documents that were read.

    Args:
        export: Writes them in the requested format.
        options: The options with which they are read.
    """

    #: Whether the output has each document's warnings, about parts that were cut, skipped or guessed.
    has_warnings = False

    def __init__(self, export: Export, options: DocumentOptions) -> None:
        self._export = export
        self._options = options

    def check(self, source: Source) -> None:
        """Find out, before a document is read, whether its result can be taken.

        Raises:
            RayocrError: The result can't be taken.
        """
        del source  # standard output takes all

    @abstractmethod
    def prepare(self, source: Source, reading: LocalReading) -> bytes | OcrResult | None:
        """Do the work on a result, in the thread that read it.

        Returns:
            The result that `write` is to write in its turn.
        """

    def write(self, source: Source, prepared: bytes | OcrResult | None) -> None:
        """Write the result of `prepare`, in the order of the documents."""
        del source, prepared  # a file is written already

    def _convert(self, source: Source, reading: LocalReading) -> bytes:
        document = reading.document if self._export.needs_document else None
        options = self._options
        return self._export.convert(
            ReadDocument(reading.result, source.title, document, options.secret_password, options.export_options)
        )


class TextOutput(Output):
    """Writes text to standard output, with the name above it if there are several documents."""

    def __init__(self, export: Export, options: DocumentOptions, *, has_many: bool) -> None:
        super().__init__(export, options)
        self._has_many = has_many
        self._is_first = True

    def prepare(self, source: Source, reading: LocalReading) -> bytes:
        """Prepare a result, as `Output.prepare` says."""
        return self._convert(source, reading)

    def write(self, source: Source, prepared: bytes | OcrResult | None) -> None:
        """Write a result, as `Output.write` says."""
        assert isinstance(prepared, bytes)
        write_text(source.name, prepared.decode(), is_one_of_many=self._has_many, is_first=self._is_first)
        self._is_first = False


class JsonOutput(Output):
    """Writes JSON lines to standard output. A single document on a terminal is laid out for a person."""

    has_warnings = True

    def __init__(self, export: Export, options: DocumentOptions, *, has_many: bool) -> None:
        super().__init__(export, options)
        self._has_many = has_many

    def prepare(self, source: Source, reading: LocalReading) -> OcrResult:
        """Prepare a result, as `Output.prepare` says."""
        return reading.result

    def write(self, source: Source, prepared: bytes | OcrResult | None) -> None:
        """Write a result, as `Output.write` says."""
        assert isinstance(prepared, OcrResult)
        write_json(source.name, prepared, is_pretty=not self._has_many and sys.stdout.isatty())


class StreamOutput(Output):
    """Writes one document to standard output, in a format in which two documents can't follow each other."""

    def check(self, source: Source) -> None:
        """Check a document, as `Output.check` says."""
        self._check_terminal(self._export.media_type)

    def prepare(self, source: Source, reading: LocalReading) -> bytes:
        """Prepare a result, as `Output.prepare` says."""
        content = self._convert(source, reading)
        self._check_terminal(self._export.file_type(content)[0])
        return content

    def write(self, source: Source, prepared: bytes | OcrResult | None) -> None:
        """Write a result, as `Output.write` says."""
        assert isinstance(prepared, bytes)
        write_bytes(prepared)

    def _check_terminal(self, media_type: str) -> None:
        if sys.stdout.isatty() and not media_type.startswith("text/") and not media_type.endswith("xml"):
            raise MalformedRequest(
                f"{self._export.name} is not text for a terminal: send it to a file (> FILE), or give --output DIR"
            )


class FolderOutput(Output):
    """Writes a file for each document, named after it.

    Args:
        export: Writes documents in the requested format.
        options: The options with which they are read.
        folder: The folder of the files, which is created.
        locations: All locations that the user named.
        may_replace: Whether existing files are replaced.

    Raises:
        MalformedRequest: Two locations would have results of one name, or the folder is among the documents.
    """

    def __init__(
        self, export: Export, options: DocumentOptions, folder: Path, locations: Sequence[str], *, may_replace: bool
    ) -> None:
        super().__init__(export, options)
        check_output_names(folder, locations)
        self.has_warnings = export.name == "json"
        self._folder = folder
        self._has_many = len(locations) > 1
        self._may_replace = may_replace
        self._storage = FileStorage()

    def check(self, source: Source) -> None:
        """Check a document, as `Output.check` says."""
        self._checked_path(source, self._export.extension)

    def prepare(self, source: Source, reading: LocalReading) -> None:
        """Write the file, as `Output.prepare` says. It exists whole, or not at all."""
        content = self._convert(source, reading)
        path = self._checked_path(source, self._export.file_type(content)[1])
        self._storage.write(str(path), content)

    def _checked_path(self, source: Source, extension: str) -> Path:
        path = self._folder / (output_name(source, is_one_of_many=self._has_many) + extension)
        if not self._may_replace and path.exists():
            raise Conflict(f"{path} exists already: give --force to replace it")
        return path


def build_output(
    options: DocumentOptions, locations: Sequence[str], folder: Path | None, *, may_replace: bool
) -> Output:
    """Build the output of a run.

    Args:
        options: The options of documents, with the format.
        locations: All locations that the user named.
        folder: The folder for a file of each document; None for standard output.
        may_replace: Whether files in the folder may be replaced.

    Raises:
        MalformedRequest: The options do not go together.
    """
    export = export_format(options.format or "text")
    if folder is not None:
        return FolderOutput(export, options, folder, locations, may_replace=may_replace)
    if may_replace:
        raise MalformedRequest("--force goes with --output: nothing else is replaced")
    # The named locations decide, not the documents found: a folder with one document is like any other folder.
    has_many = len(locations) > 1 or any(is_folder(location) for location in locations)
    if export.name == "text":
        return TextOutput(export, options, has_many=has_many)
    if export.name == "json":
        return JsonOutput(export, options, has_many=has_many)
    if has_many:
        raise MalformedRequest(f"several documents as {export.name} need a file each: give --output DIR")
    return StreamOutput(export, options)
