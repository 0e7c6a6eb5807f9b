"""Ray's own lines on the user's terminal: what is no news stays away, all else goes to standard error."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["quiet_pool_starts", "report_to_stderr", "without_lines"]

# Ray's core writes it with the first actor of a process that has references among its arguments and may be started
# again: such references could be lost meanwhile. Ray Data's are the driver's own, who holds them to the end of the run.
_POOL_WARNING = b"has constructor arguments in the object store and max_restarts > 0"
# Each call that a lost node or worker has cost. What is missing at the end is found without it.
_RETRIED = "There are infinite retries remaining, so the task will be retried."


@contextmanager
def quiet_pool_starts() -> Iterator[None]:
    """While Ray Data starts the first actor of its pools, leave out its core's warning about their arguments.

    The level of the core's log would leave out errors too; a filter for the whole run would take the last words of a
    process that crashes. This way it is there for some milliseconds.
    """
    from ray.data._internal.execution.operators.actor_pool_map_operator import ActorPoolMapOperator

    name = "_start_actor"
    start: Callable[..., Any] = getattr(ActorPoolMapOperator, name)

    def start_quietly(*args: Any, **kwargs: Any) -> Any:
        setattr(ActorPoolMapOperator, name, start)  # the core warns once
        with without_lines(_POOL_WARNING):
            return start(*args, **kwargs)

    setattr(ActorPoolMapOperator, name, start_quietly)
    try:
        yield
    finally:
        setattr(ActorPoolMapOperator, name, start)


def report_to_stderr() -> None:
    """Have Ray print what its daemons report, such as a node that is lost, where errors go.

    It prints to standard output, where a run's progress is, a JSON object a line. Call it before `ray.init`.
    """
    from ray._private import worker

    name = "print_to_stdstream"
    show: Callable[[dict[str, Any], bool], None] = getattr(worker, name)

    def show_as_error(data: dict[str, Any], ignore_prefix: bool) -> None:
        if lines := [line for line in data["lines"] if _RETRIED not in line]:
            show({**data, "lines": lines, "is_err": True}, ignore_prefix)

    setattr(worker, name, show_as_error)


@contextmanager
def without_lines(phrase: bytes) -> Iterator[None]:
    """Leave lines out of what this process writes to standard error; the others come at the end.

    Works below Python, on the descriptor itself, which libraries write to.

    Args:
        phrase: What the lines hold.
    """
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    _flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if phrase not in line:
                    os.write(2, line)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
