"""A clock that tests of this folder set."""

import pytest

from tests.unit.serve.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()
