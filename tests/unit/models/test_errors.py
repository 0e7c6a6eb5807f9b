import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

from models import errors
from models.errors import RayocrError

ROOT = Path(__file__).parents[3]
CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, RayocrError) and not cls.__name__.startswith("_")
]


def table_rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of docs/reference/errors.md, without its head."""
    section = (ROOT / "docs/reference/errors.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def warning_codes() -> set[str]:
    """First arguments of every call of PageWarning."""
    codes = set()
    for folder in ("deployments", "models", "serve"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "PageWarning":
                    assert isinstance(node.args[0], ast.Constant), (
                        f"{file}: a constant code, for docs/reference/errors.md"
                    )
                    codes.add(str(node.args[0].value))
    return codes


@pytest.mark.parametrize("cls", CLASSES)
def test_message_survives_pickling(cls: type[RayocrError]) -> None:
    error = pickle.loads(pickle.dumps(cls("the queue is full")))
    assert type(error) is cls
    assert (error.message, str(error)) == ("the queue is full", "the queue is full")


@pytest.mark.parametrize("cls", [errors.QuotaExceeded, errors.Overloaded])
def test_retry_after_survives_pickling(cls: type[errors.Overloaded]) -> None:
    error = pickle.loads(pickle.dumps(cls("the queue is full", 7.5)))
    assert error.retry_after_s == 7.5


def test_codes_are_unique() -> None:
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


def test_all_names_every_class() -> None:
    named = [name for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    assert sorted(named) == sorted(cls.__name__ for cls in CLASSES)


def test_docs_list_every_error() -> None:
    documented = {row[1]: row[:1] + row[2:5] for row in table_rows("Errors")}
    assert documented == {
        cls.__name__: [cls.code, str(cls.http_status), str(cls.exit_code), "yes" if cls.retryable else "no"]
        for cls in CLASSES
    }


def test_docs_say_cause_and_cure_of_every_error() -> None:
    assert [row for row in table_rows("Errors") if len(row) != 7 or "" in row] == []


def test_docs_list_every_warning() -> None:
    documented = [row[0] for row in table_rows("Warnings")]
    assert documented == sorted(warning_codes())


def test_tree_in_the_docstring_is_complete() -> None:
    shown = re.findall(r"(\w+) +(\d+|none) ?/ (\d+) +(\w+)", errors.__doc__ or "")
    assert {(name, int(exit_code), code) for name, _, exit_code, code in shown} == {
        (cls.__name__, cls.exit_code, cls.code) for cls in CLASSES
    }
