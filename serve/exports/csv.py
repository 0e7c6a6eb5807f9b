"""Writes the tables of a document as CSV (RFC 4180)."""

from typing import ClassVar

from serve.exports.base import Export, ReadDocument, zipped
from serve.exports.flow import flow_pages
from serve.exports.registry import check_part
from serve.exports.tables import table_csv

__all__ = ["CsvExport"]


class CsvExport(Export):
    """Writes UTF-8: the table of a document, or an archive of several, and an empty file if there is none.

    Rows end with CR and LF, and line feeds in cells are kept. A cell that spans several places has its text in the
    first of them.
    """

    name: ClassVar[str] = "csv"
    media_type: ClassVar[str] = "text/csv"
    extension: ClassVar[str] = ".csv"
    packs_several: ClassVar[bool] = True

    def convert(self, read: ReadDocument) -> bytes:
        """Write CSV or an archive, as `Export.convert` says.

        Raises:
            MalformedRequest: Tables were not asked for.
        """
        if any(page.structure is None or page.structure.tables is None for page in read.result.pages):
            check_part(self.name, None)
        files = {
            f"page-{page.number}-table-{item.number}.csv": table_csv(
                item.table, spreadsheet_safe=read.options.spreadsheet_safe
            ).encode()
            for page in flow_pages(read)
            for item in page.items
            if item.table is not None
        }
        if len(files) <= 1:
            return next(iter(files.values()), b"")
        return zipped(files.items())
