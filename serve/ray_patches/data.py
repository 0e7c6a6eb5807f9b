"""Ray Data on one machine: without its actors for statistics, for places of actors, and for more nodes.

Each would be a process of 1 % of a CPU and 60 MB, and tell what there is one answer to, or nobody to ask.
"""

from typing import TYPE_CHECKING, Self

import ray
from ray.data import ExecutionResources
from ray.data._internal import stats
from ray.data._internal.cluster_autoscaler import ClusterAutoscaler
from ray.data._internal.execution import streaming_executor
from ray.data._internal.execution.operators import actor_pool_map_operator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOCAL_REPLACEMENTS"]


class _NoActor:
    """In place of a handle: what it is told goes nowhere. Travels to the actors of the stages."""

    def __getattr__(self, name: str) -> Self:
        if name.startswith("__"):  # for pickling, and not a method of the actor
            raise AttributeError(name)
        return self

    def remote(self, *_arguments: object, **_named: object) -> None:
        """A call."""


class _OneNode(ClusterAutoscaler):
    """What there is will not grow, so it is asked for once."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self._total: ExecutionResources = ExecutionResources.from_resource_dict(
            ray.cluster_resources()  # type: ignore[no-untyped-call]
        )

    def try_trigger_scaling(self) -> None:
        """See `ClusterAutoscaler`."""

    def on_executor_shutdown(self) -> None:
        """See `ClusterAutoscaler`."""

    def get_total_resources(self) -> ExecutionResources:
        """See `ClusterAutoscaler`."""
        return self._total


def _no_places(_actors: tuple[str, ...]) -> "Mapping[str, str]":
    """Ray Data then goes by where an actor said that it was when it started."""
    return {}


LOCAL_REPLACEMENTS = (
    (stats, "get_or_create_stats_actor", _NoActor),
    (actor_pool_map_operator, "get_or_create_actor_location_tracker", _NoActor),
    (actor_pool_map_operator, "get_actor_locations", _no_places),
    (streaming_executor, "create_cluster_autoscaler", _OneNode),
)
"""Module, name and what stands in its place: Ray Data has no setting for it."""
