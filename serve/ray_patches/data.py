"""Ray Data for bulk runs: what it has no setting for (docs/decisions/0017)."""

import atexit
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

import ray
from ray.data import ExecutionResources

from serve.ray_patches.names import PrivateName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ray import ObjectRef
    from ray.data import Dataset

__all__ = ["PRIVATE_NAMES", "block_references", "end_executors", "end_hanging_exit", "ray_data_for_bulk"]

# The driver's loop wakes when a task has something, and else so often, where Ray has 0.1 s.
_IDLE_WAIT_S = 0.5
# A worker that exits has nothing left to do. It is ended if it is still there so long after.
_EXIT_S = 20
_INTERNAL = "ray.data._internal"
_EXECUTION = f"{_INTERNAL}.execution"
_POOL = f"{_EXECUTION}.operators.actor_pool_map_operator"

_WAIT = PrivateName(
    f"{_EXECUTION}.streaming_executor_state",
    "WAIT_FOR_TASK_COMPLETION_TIMEOUT_S",
    "the driver's loop wakes ten times a second: 2 % of a CPU",
)
_BLOCK_STATISTICS = PrivateName(
    f"{_EXECUTION}.operators.map_operator",
    "to_stats",
    "the driver keeps statistics of each block: half a gigabyte for a million documents",
)
_STATISTICS = PrivateName(
    f"{_INTERNAL}.stats", "get_or_create_stats_actor", "a process for statistics that nobody asks for"
)
_TRACKER = PrivateName(
    _POOL, "get_or_create_actor_location_tracker", "a process that knows on which of one nodes each actor is"
)
_LOCATIONS = PrivateName(_POOL, "get_actor_locations", "the process for locations of actors is started by this call")
_AUTOSCALER = PrivateName(
    f"{_EXECUTION}.streaming_executor",
    "create_cluster_autoscaler",
    "a process that asks for more nodes, of which there are none",
)
_AUTOSCALER_BASE = PrivateName(
    f"{_INTERNAL}.cluster_autoscaler", "ClusterAutoscaler", "`_OneNode` may lack a method that is called"
)
_EXECUTOR = PrivateName(
    f"{_EXECUTION}.streaming_executor",
    "StreamingExecutor",
    "a run that is stopped leaves the threads of Ray Data alive, and Ray's core ends the process for it",
)

PRIVATE_NAMES = (
    _WAIT,
    _BLOCK_STATISTICS,
    _STATISTICS,
    _TRACKER,
    _LOCATIONS,
    _AUTOSCALER,
    _AUTOSCALER_BASE,
    _EXECUTOR,
    PrivateName("ray.data", "Dataset.iter_internal_ref_bundles", "all results come through the driver's memory"),
)
"""What is taken from Ray here."""


class _NoActor:
    """Stands in place of an actor's handle: what it is told goes nowhere. It travels to the actors of the stages."""

    def __getattr__(self, name: str) -> Self:
        if name.startswith("__"):  # for pickling, and not a method of the actor
            raise AttributeError(name)
        return self

    def remote(self, *_arguments: object, **_named: object) -> None:
        """Take a call, and do nothing."""


class _OneNode:
    """A `ClusterAutoscaler` of Ray Data for what does not grow: it asks for the resources once."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self._total: ExecutionResources = ExecutionResources.from_resource_dict(
            ray.cluster_resources()  # type: ignore[no-untyped-call]
        )

    def try_trigger_scaling(self) -> None:
        """Ask for no more nodes."""

    def on_executor_shutdown(self) -> None:
        """Take nothing back."""

    def get_total_resources(self) -> ExecutionResources:
        """Give the resources of the machine."""
        return self._total


def _no_locations(_actors: tuple[str, ...]) -> "Mapping[str, str]":
    """Know no locations of actors: Ray Data then goes by where an actor said that it was when it started."""
    return {}


def _no_statistics(_metadata: object) -> tuple[()]:
    """Keep no statistics of blocks."""
    return ()


_REPLACED: tuple[tuple[PrivateName, object], ...] = (
    (_WAIT, _IDLE_WAIT_S),
    (_BLOCK_STATISTICS, _no_statistics),
)
# The actors that these start take 60 MB and 1 % of a CPU each, and there is one node to know about.
_REPLACED_ON_ONE_MACHINE: tuple[tuple[PrivateName, object], ...] = (
    (_STATISTICS, _NoActor),
    (_TRACKER, _NoActor),
    (_LOCATIONS, _no_locations),
    (_AUTOSCALER, _OneNode),
)


@contextmanager
def ray_data_for_bulk(*, is_local: bool) -> Iterator[None]:
    """Replace what Ray Data has no setting for, for the time of a pass.

    Args:
        is_local: Whether Ray was started for this run, on this machine.

    Raises:
        RayocrError: This Ray Data works in another way.
    """
    for logger in ("ray.data", _INTERNAL):
        logging.getLogger(logger).setLevel(logging.ERROR)
    with ExitStack() as stack:
        for name, value in (*_REPLACED, *(_REPLACED_ON_ONE_MACHINE if is_local else ())):
            stack.enter_context(name.replaced(value))
        yield


def block_references(dataset: "Dataset") -> "Iterator[ObjectRef[Any]]":
    """Run a dataset, and name its blocks as they come; the data stays in the object store."""
    for bundle in dataset.iter_internal_ref_bundles():
        for entry in bundle.blocks:
            yield entry.ref


def end_executors() -> None:
    """End what Ray Data still runs in this process."""
    executor: Any = _EXECUTOR.find()
    for thread in threading.enumerate():
        if isinstance(thread, executor):
            thread.shutdown(force=True)


def end_hanging_exit() -> None:
    """Have this process ended by a signal if its exit hangs, as that of Ray's core does at times."""
    atexit.unregister(_set_alarm)  # once is enough
    atexit.register(_set_alarm)


def _set_alarm() -> None:
    # Python runs this before the exit of C libraries, in which no thread of Python could act any more.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_EXIT_S)
