"""A Ray with fewer processes."""

import os

import pytest
from ray._private.node import Node

from serve.ray_patches import fewer_processes


def test_process_that_ray_starts_otherwise_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fewer_processes, "_START_PROCESS", ("start_something_new",))
    with pytest.raises(AttributeError, match="start_something_new"):
        fewer_processes.make_ray_lean()


def test_users_own_variables_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    monkeypatch.delenv("RAY_SERVE_CONTROL_LOOP_INTERVAL_S", raising=False)
    fewer_processes.set_lean_environment()
    assert os.environ["MALLOC_ARENA_MAX"] == "7"
    assert os.environ["RAY_SERVE_CONTROL_LOOP_INTERVAL_S"] == "0.5"


@pytest.mark.parametrize("name", fewer_processes._START_PROCESS)
def test_ray_still_has_what_is_left_out(name: str) -> None:
    assert callable(getattr(Node, name))
