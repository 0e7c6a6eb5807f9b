"""Estimates the time and cost of a run before it begins, from a listing and a timed sample."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from serve.bulk.documents import InputDocument

__all__ = ["Estimate", "InputCensus", "Share"]


@dataclass(slots=True)
class Share:
    """A number of documents, and their bytes."""

    documents: int = 0
    size_bytes: int = 0

    def add(self, document: InputDocument) -> None:
        """Count one more document."""
        self.documents += 1
        self.size_bytes += document.size_bytes


@dataclass(slots=True)
class InputCensus:
    """Counts documents as they are listed.

    Args:
        total: All of them.
        by_extension: The documents by the extension of their names in lower case, `.jpg`; '' for names without one.
    """

    total: Share = field(default_factory=Share)
    by_extension: dict[str, Share] = field(default_factory=dict)

    def add(self, document: InputDocument) -> None:
        """Count one more document."""
        self.total.add(document)
        extension = PurePosixPath(document.key).suffix.lower()
        self.by_extension.setdefault(extension, Share()).add(document)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Time and cost of reading a number of documents.

    Args:
        cpu_s: CPU time of all workers.
        duration_s: Time by the clock, if all cores are busy.
        cost: Cost in the currency of the price; None without a price.
    """

    cpu_s: float
    duration_s: float
    cost: float | None

    @classmethod
    def of(
        cls, documents: int, cpu_s_per_document: float, cores: float, cpu_hour_price: float | None = None
    ) -> "Estimate":
        """Scale the time of a sample up to all documents.

        Args:
            documents: Number of documents to read.
            cpu_s_per_document: CPU time of one document, measured on a sample, with all that the run does for it.
            cores: Cores that the run may use, more than 0.
            cpu_hour_price: Price of one core for one hour; None for no price.
        """
        cpu_s = documents * cpu_s_per_document
        cost = None if cpu_hour_price is None else cpu_s / 3600.0 * cpu_hour_price
        return cls(cpu_s=cpu_s, duration_s=cpu_s / cores, cost=cost)
