"""The two actors beside the pipeline. Both are on the driver's node, and are started again if their process ends."""

from typing import TYPE_CHECKING, Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from serve.bulk.input.listing import ListingPlan, count_to_do
from serve.bulk.options import BulkOptions
from serve.bulk.run.pools import Pools
from serve.bulk.stages.coordinator import Coordinator
from serve.bulk.write.writer import Writer, WriterSetup

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

__all__ = ["start_coordinator", "start_counting", "start_writer"]

# The listing may be ahead by so many chunks for each chunk that is worked on.
_CHUNKS_AHEAD = 8
_LEAST_WINDOW = 256


def start_coordinator(pools: Pools, options: BulkOptions) -> "ActorHandle[Any]":
    """Start the coordinator of a run."""
    window = max(_LEAST_WINDOW, _CHUNKS_AHEAD * pools.chunks * options.chunk_documents)
    # Ray repeats failed calls when the coordinator is back. By then it remembers nothing, which is harmless.
    coordinator: ActorHandle[Any] = _actor(Coordinator, max_task_retries=-1).remote(list(pools.stages), window)
    return coordinator


def start_writer(setup: WriterSetup) -> "ActorHandle[Any]":
    """Start the writer of a run. Calls that fail are repeated by their caller, not by Ray."""
    writer: ActorHandle[Any] = _actor(Writer, max_task_retries=0).remote(setup)
    return writer


def start_counting(plan: ListingPlan) -> "ObjectRef[int]":
    """Count, beside the run, how many documents it has to read."""
    count: ObjectRef[int] = ray.remote(num_cpus=0, max_retries=2)(count_to_do).remote(plan)
    return count


def _actor(actor: type, *, max_task_retries: int) -> Any:
    # A soft affinity is only a hint, and the actors might be lost with another node. A run can't outlive this node.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(actor).options(
        num_cpus=0, max_restarts=-1, max_task_retries=max_task_retries, scheduling_strategy=here
    )
