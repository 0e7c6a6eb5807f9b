"""The pages of docs/tutorial as programs: their commands in order, and the output that each page shows below them."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Step", "tutorial_steps"]

_FOLDER = Path(__file__).parents[1] / "docs/tutorial"
_FENCED = re.compile(r"^```(\w+)(?: title=\"(.+?)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One block of commands.

    Args:
        commands: What a reader types.
        shown: What the page shows as their output; None where it shows nothing.
        terminal: The terminal in which a program keeps running, such as `terminal 1`; None for all other commands.
    """

    commands: str
    shown: str | None = None
    terminal: str | None = None


def tutorial_steps(page: str) -> list[Step]:
    """The steps of a page of the tutorial, in order.

    Args:
        page: Its file name.

    Raises:
        ValueError: A block is neither `bash` nor `text` after one.
    """
    steps: list[Step] = []
    for kind, terminal, body in _FENCED.findall((_FOLDER / page).read_text(encoding="utf-8")):
        if kind == "bash":
            steps.append(Step(body, None, terminal or None))
        elif kind == "text" and steps and steps[-1].shown is None:
            steps[-1] = Step(steps[-1].commands, body, steps[-1].terminal)
        else:
            raise ValueError(f"{page} has a block of the kind {kind} that no test reads: {body[:80]}")
    return steps
