"""A soak for people."""

from loadtest.soak.growth import Growth, growth_by_role, total_growth
from loadtest.soak.record import SoakRecord

__all__ = ["soak_table"]


def soak_table(record: SoakRecord) -> str:
    """Memory of each role in both windows, as GitHub markdown."""
    windows, last = record.windows, max(sample.images for sample in record.samples)
    failed = ", ".join(f"{code} {count}" for code, count in sorted(record.errors.items())) or "none"
    lines = [
        f"CPU: {record.machine}",
        f"{record.requests} images of mixed sizes, {record.clients} clients, {record.wall_s:.0f} s; failed: {failed}",
        f"Medians of {windows.width} images around {windows.settled_after}, and of the last {windows.width}.",
        "",
        f"| role | MB at {windows.settled_after} | MB at {last} | growth | processes |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(growth) for growth in growth_by_role(record.samples, windows)]
    lines.append(_row(total_growth(record.samples, windows)))
    return "\n".join(lines)


def _row(growth: Growth) -> str:
    percent = "-" if growth.percent is None else f"{growth.percent:+.1f} %"
    counts = dict.fromkeys(f"{count:g}" for count in (growth.early_processes, growth.late_processes))
    sizes = f"{growth.early_bytes / 1e6:,.0f} | {growth.late_bytes / 1e6:,.0f}"
    return f"| {growth.role} | {sizes} | {percent} | {' -> '.join(counts)} |"
