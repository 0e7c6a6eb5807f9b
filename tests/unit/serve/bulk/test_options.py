"""Bounds of pools, and the actors that follow from them."""

import pytest

from models.errors import MalformedRequest
from serve.bulk.options import BulkOptions, PoolBounds
from serve.bulk.run.pools import plan_pools
from serve.config.settings import Settings
from serve.documents.options import DocumentOptions

SETTINGS = Settings.model_validate({"detection": {"net": {"threads": 2}}, "recognition": {"net": {"threads": 4}}})


@pytest.mark.parametrize(("text", "bounds"), [("2:8", PoolBounds(2, 8)), ("3", PoolBounds(3, 3))])
def test_bounds_are_read(text: str, bounds: PoolBounds) -> None:
    assert PoolBounds.parse(text) == bounds


@pytest.mark.parametrize("text", ["", "two", "0:3", "8:2", "1:2:3", "-1"])
def test_bounds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(MalformedRequest, match="MIN"):
        PoolBounds.parse(text)


def test_csv_needs_tables() -> None:
    with pytest.raises(MalformedRequest, match="csv holds nothing but tables: add structure=tables"):
        BulkOptions("in", "out", format="csv")
    document = DocumentOptions(structure="tables,layout")
    assert BulkOptions("in", "out", format="csv", document=document).document.structure == "layout,tables"


APART = SETTINGS.model_copy(update={"colocated": False})


def test_pools_grow_with_the_cluster() -> None:
    stages = plan_pools(BulkOptions("in", "out"), APART, 64.0).stages
    assert {name: pool.bounds for name, pool in stages.items()} == {
        "fetch": PoolBounds(1, 8),
        "detection": PoolBounds(1, 16),
        "recognition": PoolBounds(1, 16),
    }
    assert (stages["detection"].num_cpus, stages["recognition"].num_cpus) == (2, 4)


def test_stages_share_actors_unless_told() -> None:
    pools = plan_pools(BulkOptions("in", "out"), SETTINGS, 64.0)
    assert {name: (pool.bounds, pool.num_cpus) for name, pool in pools.stages.items()} == {
        "reading": (PoolBounds(1, 16), 4)
    }


def test_given_bounds_hold_and_keep_stages_apart() -> None:
    options = BulkOptions("in", "out", detection_actors=PoolBounds(2, 3), recognition_actors=PoolBounds(4, 5))
    stages = plan_pools(options, SETTINGS, 64.0).stages
    assert (stages["detection"].bounds, stages["recognition"].bounds) == (PoolBounds(2, 3), PoolBounds(4, 5))


def test_readers_share_actors_whatever_the_settings() -> None:
    stages = plan_pools(BulkOptions("in", "out", readers=PoolBounds(2, 3)), APART, 64.0).stages
    assert {name: pool.bounds for name, pool in stages.items()} == {"reading": PoolBounds(2, 3)}


def test_readers_and_actors_of_a_stage_are_a_contradiction() -> None:
    options = BulkOptions("in", "out", readers=PoolBounds(1, 1), fetchers=PoolBounds(1, 1))
    with pytest.raises(MalformedRequest, match="--readers"):
        plan_pools(options, SETTINGS, 64.0)


def test_least_actors_fit_into_a_small_cluster() -> None:
    pools = plan_pools(BulkOptions("in", "out"), APART, 2.0)
    assert pools.least_cpus <= 2.0
    stages = pools.stages
    assert stages["recognition"].num_cpus == pytest.approx(2 * stages["detection"].num_cpus, rel=0.01)
