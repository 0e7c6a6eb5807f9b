"""The environment of a cluster's nodes, and what Ray calls through it."""

import importlib
import re
from pathlib import Path

import pytest
from ray.serve._private import haproxy, haproxy_templates, replica
from ray.serve._private.haproxy_templates import HAPROXY_CONFIG_TEMPLATE

from serve.config.settings import HttpSettings
from serve.ray_patches.environment import cluster_environment, set_up_worker
from serve.ray_patches.haproxy import own_template

ROOT = Path(__file__).parents[3]


def test_functions_that_they_name_are_there() -> None:
    paths = [value for value in cluster_environment(HttpSettings()).values() if value.startswith("serve.")]
    assert len(paths) == 2
    for path in paths:
        module, _, function = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function))


def test_time_limits_follow_the_settings() -> None:
    variables = cluster_environment(HttpSettings(request_timeout_s=10.5, max_request_timeout_s=100))
    assert variables["RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S"] == "11"
    assert variables["RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S"] == "130"


def test_python_proxy_has_no_variables_of_haproxy() -> None:
    variables = cluster_environment(HttpSettings(proxy="python"))
    assert variables["RAY_SERVE_ENABLE_HA_PROXY"] == "0"
    assert not any("HAPROXY" in name or "CALLBACK" in name for name in variables)


def test_operations_names_each_variable_with_its_value() -> None:
    page = (ROOT / "docs/how-to/operations.md").read_text()
    rows = re.findall(r"^\| `((?:__)?RAY_\w+|MALLOC_\w+)` \| `([\w.]+)` \|", page, re.MULTILINE)
    assert dict(rows) == cluster_environment(HttpSettings())


@pytest.mark.parametrize("front", ["haproxy", "python"])
def test_worker_keeps_the_ingress_reachable(monkeypatch: pytest.MonkeyPatch, front: str) -> None:
    monkeypatch.setenv("RAY_SERVE_ENABLE_HA_PROXY", str(int(front == "haproxy")))
    monkeypatch.setattr("serve.ray_patches.environment.leave_out_data_frames", lambda: None)
    for module in (haproxy, haproxy_templates):
        monkeypatch.setattr(module, "HAPROXY_CONFIG_TEMPLATE", HAPROXY_CONFIG_TEMPLATE)
    before = dict(vars(replica))
    monkeypatch.setattr(replica, "add_port_to_grpc_server", before["add_port_to_grpc_server"])  # put back afterwards
    set_up_worker()
    changed = {name for name, value in vars(replica).items() if value is not before.get(name)}
    assert changed == {"add_port_to_grpc_server"}
    expected = own_template(HAPROXY_CONFIG_TEMPLATE) if front == "haproxy" else HAPROXY_CONFIG_TEMPLATE
    for module in (haproxy, haproxy_templates):
        assert vars(module)["HAPROXY_CONFIG_TEMPLATE"] == expected
