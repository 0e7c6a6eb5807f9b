"""The pipeline as Ray Data sees it: keys, pages, quads, texts."""

from collections.abc import Iterator
from contextlib import contextmanager

import ray.data
from ray.data import ActorPoolStrategy, DataContext, Dataset

from serve.bulk.input.listing import KeyChunks, ListingPlan
from serve.bulk.run.pools import CHUNKS_AT_A_TIME, Pool, Pools
from serve.bulk.stages.stages import STAGES, StageSetup
from serve.ray_patches.data import ray_data_for_bulk

__all__ = ["build_dataset", "data_context"]

# Workers may end while they start, as when a node goes: so often in a row before it is taken for a fault of ours.
_MOST_FAILED_STARTS = 3


@contextmanager
def data_context(*, is_local: bool) -> Iterator[None]:
    """Ray Data's settings for a bulk run; they are those of the whole process, and are put back afterwards.

    Args:
        is_local: Whether Ray was started for this run, on this machine.
    """
    context = DataContext.get_current().copy()
    # A block is one row, and a row is a chunk: what a task gives is a block of its own
    # (see serve/bulk/stages/chunks.py).
    context.target_max_block_size = 1
    context.max_consecutive_actor_init_deaths = _MOST_FAILED_STARTS
    context.execution_options.preserve_order = False
    context.enable_progress_bars = False
    context.enable_rich_progress_bars = False
    context.enable_auto_log_stats = False
    with ray_data_for_bulk(is_local=is_local), DataContext.current(context):
        yield


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
