"""Counters of the service, from its Prometheus endpoint."""

import re
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.errors import LoadtestError

__all__ = ["PAGES", "WORK", "Snapshot", "counted_between", "read_snapshot", "snapshot_from_text"]

PAGES = "ray_rayocr_pages_total"
WORK = "ray_rayocr_work_cpu_seconds_total"

_SAMPLE = re.compile(rf"^({PAGES}|{WORK})\{{(.*)\}} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_TIMEOUT_S = 10.0

Series = tuple[str, str, str, str]
"""Name, `WorkerId`, `stage` and `step` (empty for pages)."""


@dataclass(frozen=True)
class Snapshot:
    """All series of the two counters at one time."""

    values: Mapping[Series, float]


def snapshot_from_text(text: str) -> Snapshot:
    """Read the Prometheus text format (version 0.0.4)."""
    values: dict[Series, float] = {}
    for name, labels, value in _SAMPLE.findall(text):
        found = dict(_LABEL.findall(labels))
        values[name, found.get("WorkerId", ""), found.get("stage", ""), found.get("step", "")] = float(value)
    return Snapshot(values)


def read_snapshot(url: str) -> Snapshot:
    """Ask the endpoint.

    Raises:
        LoadtestError: It does not answer.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    try:
        with opener.open(url, timeout=_TIMEOUT_S) as answer:
            return snapshot_from_text(answer.read().decode())
    except (urllib.error.URLError, TimeoutError, ValueError) as exc:
        raise LoadtestError(
            f"no metrics at {url}: {exc}; give the service's with --metrics-url (its setting ray.metrics_port)"
        ) from exc


def counted_between(before: Snapshot, after: Snapshot, name: str) -> Mapping[tuple[str, str], float]:
    """How much a counter rose, by stage and step (empty for pages), all replicas together.

    Args:
        before: Read first. A replica that began later counts from zero.
        after: Read last. A replica that ended meanwhile is not in it, and counts for nothing.
        name: Of the counter.
    """
    rise: defaultdict[tuple[str, str], float] = defaultdict(float)
    for series, value in after.values.items():
        if series[0] == name:
            rise[series[2], series[3]] += value - before.values.get(series, 0.0)
    return rise
