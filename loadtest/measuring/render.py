"""Reports for people: a table on a terminal, aligned plain text on a pipe."""

import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table

from loadtest.data.accuracy import Counts
from loadtest.measuring.report import Report

__all__ = ["megabytes", "print_report", "report_rows"]

_NOT_MEASURED = "not measured"


def report_rows(report: Report) -> list[tuple[str, str]]:
    """Names and values of a report, ready to print."""
    latency = report.latency_s
    rows = [
        ("subject", report.subject),
        ("set", f"{report.dataset} ({report.pictures} pictures)"),
        ("clients", str(report.clients)),
        ("requests", f"{report.requests}, {report.answered} answered"),
        ("time", f"{report.wall_s:.2f} s"),
        ("images/s", f"{report.images_per_s:.2f}"),
    ]
    for name in ("p50", "p95", "p99", "max"):
        rows.append((f"latency {name}", "none answered" if latency is None else f"{getattr(latency, name):.3f} s"))
    rows.append(("errors", ", ".join(f"{code} {count}" for code, count in sorted(report.errors.items())) or "none"))
    rows.append(("refused (503)", f"{report.refused_503}, {report.retries} sent again"))
    if report.warmup_failures:
        rows.append(("failed in warm-up", str(report.warmup_failures)))
    if report.is_cut_short:
        rows.append(("cut short", "yes: --max-time came before the last request"))
    note = report.resources_note or _NOT_MEASURED
    cpu = report.cpu_s_per_image
    rows.append(("CPU-s per image", note if cpu is None else f"{cpu:.3f}"))
    memory = report.peak_memory_bytes
    rows.append(("peak memory (PSS)", note if memory is None else megabytes(memory)))
    if report.resources is not None:
        rows.append(("processes", str(report.resources.processes)))
    if report.generator_cpu_s:
        rows.append(("load generator", f"{report.generator_cpu_s:.2f} CPU-s"))
    return rows + _accuracy_rows(report)


def print_report(report: Report, out: TextIO = sys.stdout) -> None:
    """Print a report to a terminal or a pipe."""
    rows = report_rows(report)
    if out.isatty():
        table = Table(show_header=False)
        for name, value in rows:
            table.add_row(name, value)
        Console(file=out).print(table)
        return
    width = max(len(name) for name, _ in rows)
    out.writelines(f"{name:<{width}}  {value}\n" for name, value in rows)


def megabytes(count_bytes: int) -> str:
    """Bytes as MB (10^6)."""
    return f"{count_bytes / 1e6:,.0f} MB"


def _accuracy_rows(report: Report) -> list[tuple[str, str]]:
    accuracy = report.accuracy
    if accuracy is None:
        return []
    rows = [(f"F1 ({accuracy.unit.value}s)", _quotients(accuracy.counts))]
    if accuracy.counts_ignore_both is not None:
        rows.append(("  found in ignored areas left out", _quotients(accuracy.counts_ignore_both)))
    if accuracy.scored < accuracy.labelled_requests:
        missing = accuracy.labelled_requests - accuracy.scored
        rows.append(("  not scored", f"{missing} of {accuracy.labelled_requests} answers missing"))
    return rows


def _quotients(counts: Counts) -> str:
    def four(value: float | None) -> str:
        return "undefined" if value is None else f"{value:.4f}"

    return f"{four(counts.f1)} (precision {four(counts.precision)}, recall {four(counts.recall)})"
