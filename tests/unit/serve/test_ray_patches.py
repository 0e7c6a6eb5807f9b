"""A Ray that has moved what rayocr takes from it, beside its public interface, fails here by name."""

import importlib
import os
import pkgutil
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import ray
from ray._private import ray_constants

from models.errors import RayocrError
from serve import ray_patches
from serve.config.settings import HttpSettings
from serve.ray_patches.data import _OneNode
from serve.ray_patches.environment import cluster_environment
from serve.ray_patches.local_ray import LEAN_ENVIRONMENT, set_local_environment
from serve.ray_patches.loopback import stay_on_loopback
from serve.ray_patches.names import RAY_VERSION, PrivateName, PrivateWord

ROOT = Path(__file__).parents[3]
MODULES = [
    importlib.import_module(f"serve.ray_patches.{module.name}") for module in pkgutil.iter_modules(ray_patches.__path__)
]
ROWS: list[PrivateName | PrivateWord] = [row for module in MODULES for row in getattr(module, "PRIVATE_NAMES", ())]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_ray_still_has(row: PrivateName | PrivateWord) -> None:
    if isinstance(row, PrivateName):
        row.find()
    else:
        assert row.is_there(), f"Ray {ray.__version__} has no {row}; without it {row.without}"


def test_every_file_of_the_room_says_what_it_takes() -> None:
    assert {module.__name__ for module in MODULES if not hasattr(module, "PRIVATE_NAMES")} == {
        "serve.ray_patches.names"
    }


def test_names_were_read_in_the_ray_that_is_pinned() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (pinned,) = (re.fullmatch(r"ray\[.*\]==(.*)", line)[1] for line in dependencies if line.startswith("ray["))  # type: ignore[index]
    assert {RAY_VERSION, *(row.ray for row in ROWS)} == {pinned} == {ray.__version__}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ray._private.no_such_module", "Node.start_monitor"),
        ("ray._private.node", "NoSuchClass.start_monitor"),
        ("ray._private.node", "Node.start_something_new"),
    ],
    ids=["module", "class", "method"],
)
def test_name_that_moved_is_an_error_that_says_what_breaks(module: str, name: str) -> None:
    moved = PrivateName(module, name, "a process asks for more nodes", ray="2.0.0")
    message = (
        f"Ray {ray.__version__} has no {module}.{name}, which rayocr takes from Ray 2.0.0; "
        "without it a process asks for more nodes"
    )
    for use in (moved.find, lambda: moved.replace(None)):
        with pytest.raises(RayocrError) as caught:
            use()
        assert caught.value.message == message


def test_replaced_name_is_put_back() -> None:
    name = PrivateName("ray._private.node", "Node.start_monitor", "")
    before = name.find()
    with name.replaced(len):
        assert name.find() is len
    assert name.find() is before


def test_each_variable_for_a_cluster_has_a_row() -> None:
    words = {row.word for row in ROWS if isinstance(row, PrivateWord)}
    variables = cluster_environment(HttpSettings()).keys() - {"MALLOC_ARENA_MAX", "RAY_USAGE_STATS_ENABLED"}
    assert {name for name in variables if not {name, name.removeprefix("RAY_")} & words} == set()


def test_word_that_moved_is_not_there() -> None:
    assert not PrivateWord("_private/node.py", "no_such_word", "").is_there()


def test_ray_that_was_imported_too_early_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1")  # to be put back at the end
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", True)
    with pytest.raises(RayocrError, match="would listen on the network: import it later"):
        stay_on_loopback()
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)
    stay_on_loopback()


def test_ray_data_asks_one_node_for_nothing_else() -> None:
    base = PrivateName("ray.data._internal.cluster_autoscaler", "ClusterAutoscaler", "").find()
    public = {name for name in vars(base) if not name.startswith("_")}
    assert public | base.__abstractmethods__ == {name for name in vars(_OneNode) if not name.startswith("_")}


def test_users_own_variables_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LEAN_ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    waits = "RAY_raylet_start_wait_time_s"
    for name in (waits, "RAY_USAGE_STATS_ENABLED", "MALLOC_ARENA_MAX"):
        monkeypatch.setenv(name, "7")
    set_local_environment()
    assert os.environ["MALLOC_ARENA_MAX"] == os.environ[waits] == "7"
    assert os.environ["RAY_SERVE_CONTROL_LOOP_INTERVAL_S"] == "0.5"
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"  # nothing is told to anybody, whatever is set


def test_process_whose_exit_hangs_is_ended() -> None:
    program = (
        "import ctypes; from serve.ray_patches import data; data._EXIT_S = 1; data.end_hanging_exit(); "
        "libc = ctypes.CDLL(None); libc.__cxa_atexit(libc.pause, None, None)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGALRM
