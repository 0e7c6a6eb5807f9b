"""The pipeline as Ray Data sees it: keys, pages, quads, texts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ray.data
from ray.data import ActorPoolStrategy, DataContext, Dataset
from ray.data._internal.execution import streaming_executor_state
from ray.data._internal.execution.operators import map_operator

from serve.bulk.input.listing import KeyChunks, ListingPlan
from serve.bulk.run.pools import CHUNKS_AT_A_TIME, Pool, Pools
from serve.bulk.stages.stages import STAGES, StageSetup
from serve.ray_patches.data import LOCAL_REPLACEMENTS

if TYPE_CHECKING:
    from ray import ObjectRef

__all__ = ["build_dataset", "chunk_blocks", "data_context"]

# Workers may end while they start, as when a node goes: so often in a row before it is taken for a fault of ours.
_MOST_FAILED_STARTS = 3
# The driver's loop wakes when a task has something, and else so often, where Ray has 0.1 s: that alone is 2 % of a CPU.
_IDLE_WAIT_S = 0.5


def _no_stats(_metadata: object) -> tuple[()]:
    """Instead of the statistics of each block, which the driver would keep: half a gigabyte for a million documents."""
    return ()


# What Ray Data has no setting for.
_REPLACED = (
    (streaming_executor_state, "WAIT_FOR_TASK_COMPLETION_TIMEOUT_S", _IDLE_WAIT_S),
    (map_operator, "to_stats", _no_stats),
)


@contextmanager
def data_context(*, is_local: bool) -> Iterator[None]:
    """Ray Data's settings for a bulk run; they are those of the whole process, and are put back afterwards.

    Args:
        is_local: Whether Ray was started for this run, on this machine.
    """
    for name in ("ray.data", "ray.data._internal"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = DataContext.get_current().copy()
    # A block is one row, and a row is a chunk: what a task gives is a block of its own
    # (see serve/bulk/stages/chunks.py).
    context.target_max_block_size = 1
    context.max_consecutive_actor_init_deaths = _MOST_FAILED_STARTS
    context.execution_options.preserve_order = False
    context.enable_progress_bars = False
    context.enable_rich_progress_bars = False
    context.enable_auto_log_stats = False
    replaced = (*_REPLACED, *(LOCAL_REPLACEMENTS if is_local else ()))
    own = [getattr(module, name) for module, name, _ in replaced]
    for module, name, value in replaced:
        setattr(module, name, value)
    try:
        with DataContext.current(context):
            yield
    finally:
        for (module, name, _), value in zip(replaced, own, strict=True):
            setattr(module, name, value)


def build_dataset(plan: ListingPlan, setup: StageSetup, pools: Pools) -> Dataset:
    """Join the stages. Nothing runs yet.

    Args:
        plan: What to read.
        setup: Of the stages.
        pools: How many actors each has.

    Returns:
        A dataset of chunks, as the last stage gives them.
    """
    dataset: Dataset = ray.data.read_datasource(KeyChunks(plan, setup.coordinator), override_num_blocks=1, num_cpus=0)
    for name, pool in pools.stages.items():
        dataset = _stage(dataset, STAGES[name], setup, pool)
    return dataset


def chunk_blocks(dataset: Dataset) -> "Iterator[ObjectRef[Any]]":
    """Run the pipeline, and name the blocks of results as they come; the data stays in the object store."""
    for bundle in dataset.iter_internal_ref_bundles():
        for entry in bundle.blocks:
            yield entry.ref


def _stage(dataset: Dataset, stage: type, setup: StageSetup, pool: Pool) -> Dataset:
    return dataset.map_batches(
        stage,
        fn_constructor_kwargs={"setup": setup},
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(
            min_size=pool.bounds.least,
            max_size=pool.bounds.most,
            max_concurrent_calls_per_actor=CHUNKS_AT_A_TIME,
            max_tasks_in_flight_per_actor=2 * CHUNKS_AT_A_TIME,
        ),
        num_cpus=pool.num_cpus,
        num_gpus=pool.num_gpus or None,
    )
