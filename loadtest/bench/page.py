"""Putting results between two markers of a page."""

from pathlib import Path

from loadtest.errors import LoadtestError

__all__ = ["BEGIN", "END", "replace_results", "write_results"]

BEGIN = "<!-- results -->"
END = "<!-- end of results -->"


def replace_results(page: str, results: str) -> str:
    """Replace what stands between the two markers, which stay.

    Raises:
        ValueError: The page has not each marker once, in their order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"it needs one {BEGIN} and, after it, one {END}")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{results.strip()}\n\n{END}{after}"


def write_results(path: Path, results: str) -> None:
    """Rewrite a page with new results.

    Raises:
        LoadtestError: It can't be read or written, or lacks the markers.
    """
    try:
        path.write_text(replace_results(path.read_text(encoding="utf-8"), results), encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise LoadtestError(f"cannot write the results into {path}: {exc}") from exc
