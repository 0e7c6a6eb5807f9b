"""What a measurement found: one shape for rayocr and its peers, as a value and as JSON."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from loadtest.data.accuracy import Counts, IgnoreRule, Unit, score_page, unit_of
from loadtest.data.labels import ResultLine
from loadtest.data.pictures import PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.latency import Latency
from loadtest.measuring.meter import ResourceUse

__all__ = ["Accuracy", "Report", "accuracy_of", "read_figures"]

Figures = TypeVar("Figures")


@dataclass(frozen=True)
class Accuracy:
    """Accuracy over a set.

    Attributes:
        unit: What was counted.
        counts: With `IgnoreRule.LABELS`.
        counts_ignore_both: With `IgnoreRule.BOTH`; None when no line of the set is ignored, where both are the same.
        scored: Answers that were scored.
        labelled_requests: Requests whose answer should have been scored; the missing ones failed.
    """

    unit: Unit
    counts: Counts
    counts_ignore_both: Counts | None
    scored: int
    labelled_requests: int

    def as_dict(self) -> dict[str, object]:
        """For JSON: counts with their quotients."""
        return {
            "unit": self.unit.value,
            **self.counts.as_dict(),
            "ignore_both": None if self.counts_ignore_both is None else self.counts_ignore_both.as_dict(),
            "scored": self.scored,
            "labelled_requests": self.labelled_requests,
        }


def accuracy_of(
    dataset: PictureSet,
    results: Iterable[tuple[int, Sequence[ResultLine]]],
    requests: int,
    unit: Unit | None = None,
) -> Accuracy | None:
    """Score results, every one that came (a set sent twice counts twice).

    Args:
        dataset: The pictures with their labels.
        results: What was found, each with the index of its picture.
        requests: How many results there should be.
        unit: What to count; None lets the labels decide.

    Returns:
        None for a set without labels.
    """
    labels = [picture.label for picture in dataset.pictures if picture.label is not None]
    if len(labels) < len(dataset.pictures):
        return None
    unit = unit or unit_of(labels)
    has_ignored = any(line.ignore for page in labels for line in page.lines)
    counts, counts_both, scored = Counts(), Counts(), 0
    for index, lines in results:
        counts += score_page(labels[index], lines, unit, IgnoreRule.LABELS)
        if has_ignored:
            counts_both += score_page(labels[index], lines, unit, IgnoreRule.BOTH)
        scored += 1
    return Accuracy(unit, counts, counts_both if has_ignored else None, scored, requests)


@dataclass(frozen=True)
class Report:
    """Figures of one run.

    Attributes:
        subject: What was measured: `rayocr`, or the peer's name and version.
        dataset: Name of the set.
        pictures: Pictures in the set, as far as they were taken.
        clients: Requests under way at once.
        requests: Requests made, warm-up left out.
        answered: Requests answered as they should be.
        refused_503: Requests refused with 503 and Retry-After.
        retries: Times a refused request was sent again.
        errors: All other failures by code.
        warmup_failures: Failed requests before the clock started.
        wall_s: From the first request to the last answer.
        latency_s: Of answered requests; None without any.
        resources: Of the whole service; None when not measured.
        resources_note: Why resources were not measured, else empty.
        generator_cpu_s: CPU seconds of the load generator itself, meter included; 0 for a peer, which runs within it.
        is_cut_short: The limit on time came before the last request.
        accuracy: None without labels.
    """

    subject: str
    dataset: str
    pictures: int
    clients: int
    requests: int
    answered: int
    wall_s: float
    latency_s: Latency | None
    refused_503: int = 0
    retries: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    warmup_failures: int = 0
    resources: ResourceUse | None = None
    resources_note: str = ""
    generator_cpu_s: float = 0.0
    is_cut_short: bool = False
    accuracy: Accuracy | None = None

    @property
    def images_per_s(self) -> float:
        """Answered requests a second."""
        return self.answered / self.wall_s if self.wall_s > 0 else 0.0

    @property
    def cpu_s_per_image(self) -> float | None:
        """CPU seconds of the whole service for each answered request."""
        if self.resources is None or not self.answered:
            return None
        return self.resources.cpu_s / self.answered

    @property
    def peak_memory_bytes(self) -> int | None:
        """Highest proportional set size of the whole service."""
        return None if self.resources is None else self.resources.peak_memory_bytes

    @property
    def has_failures(self) -> bool:
        """Whether anything went wrong: a request failed or was refused, or the run was cut short."""
        return self.answered < self.requests or self.warmup_failures > 0 or self.is_cut_short

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "subject": self.subject,
            "dataset": self.dataset,
            "pictures": self.pictures,
            "clients": self.clients,
            "requests": self.requests,
            "answered": self.answered,
            "refused_503": self.refused_503,
            "retries": self.retries,
            "errors": dict(sorted(self.errors.items())),
            "warmup_failures": self.warmup_failures,
            "is_cut_short": self.is_cut_short,
            "wall_s": self.wall_s,
            "images_per_s": self.images_per_s,
            "latency_s": None if self.latency_s is None else asdict(self.latency_s),
            "cpu_s": None if self.resources is None else self.resources.cpu_s,
            "cpu_s_per_image": self.cpu_s_per_image,
            "peak_memory_bytes": self.peak_memory_bytes,
            "processes": None if self.resources is None else self.resources.processes,
            "resources_note": self.resources_note,
            "generator_cpu_s": self.generator_cpu_s,
            "accuracy": None if self.accuracy is None else self.accuracy.as_dict(),
        }


def read_figures(path: Path, kind: str, parse: Callable[[Mapping[str, Any]], Figures]) -> Figures:
    """Read a file that a command kept.

    Args:
        path: Of the file: a JSON object.
        kind: What its `kind` must be: the name of the command.
        parse: Makes the figures of the object. Its KeyError, TypeError or ValueError says that they are something else.

    Raises:
        LoadtestError: It can't be read, or holds something else.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["kind"] != kind:
            raise ValueError(f"its kind is {fields['kind']!r}, not {kind!r}")
        return parse(fields)
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise LoadtestError(f"{path} holds no figures of python -m loadtest {kind}: {exc!r}") from exc
