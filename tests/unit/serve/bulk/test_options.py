"""Bounds of pools, and the actors that follow from them."""

import pytest

from models.errors import MalformedRequest
from serve.bulk.options import BulkOptions, PoolBounds
from serve.bulk.pools import plan_pools
from serve.settings import Settings

SETTINGS = Settings.model_validate({"detection": {"net": {"threads": 2}}, "recognition": {"net": {"threads": 4}}})


@pytest.mark.parametrize(("text", "bounds"), [("2:8", PoolBounds(2, 8)), ("3", PoolBounds(3, 3))])
def test_bounds_are_read(text: str, bounds: PoolBounds) -> None:
    assert PoolBounds.parse(text) == bounds


@pytest.mark.parametrize("text", ["", "two", "0:3", "8:2", "1:2:3", "-1"])
def test_bounds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(MalformedRequest, match="MIN"):
        PoolBounds.parse(text)


def test_pools_grow_with_the_cluster() -> None:
    pools = plan_pools(BulkOptions("in", "out"), SETTINGS, 64.0)
    assert pools.fetch.bounds == PoolBounds(1, 8)
    assert pools.detection.bounds == PoolBounds(1, 16)
    assert pools.recognition.bounds == PoolBounds(1, 16)
    assert (pools.detection.num_cpus, pools.recognition.num_cpus) == (2, 4)


def test_given_bounds_hold() -> None:
    options = BulkOptions("in", "out", detection_actors=PoolBounds(2, 3), recognition_actors=PoolBounds(4, 5))
    pools = plan_pools(options, SETTINGS, 64.0)
    assert (pools.detection.bounds, pools.recognition.bounds) == (PoolBounds(2, 3), PoolBounds(4, 5))


def test_least_actors_fit_into_a_small_cluster() -> None:
    pools = plan_pools(BulkOptions("in", "out"), SETTINGS, 2.0)
    assert pools.least_cpus <= 2.0
    assert pools.recognition.num_cpus == pytest.approx(2 * pools.detection.num_cpus, rel=0.01)
