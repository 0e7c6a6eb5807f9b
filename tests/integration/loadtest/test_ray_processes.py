"""All processes of a Ray cluster are found from the port of one of its workers."""

import os
import subprocess
import sys

import pytest

from loadtest.measuring.meter import Meter
from loadtest.measuring.processes import locate_service

# An actor listens, as Serve's proxy does; its driver is what `rayocr serve` is.
_CLUSTER = """
import socket, sys, ray
ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error")

@ray.remote
class Proxy:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
    def port(self):
        return self.listener.getsockname()[1]

proxy = Proxy.remote()
print(ray.get(proxy.port.remote()), flush=True)
sys.stdin.readline()
ray.shutdown()
"""


@pytest.mark.timeout(120)
def test_port_of_a_worker_leads_to_the_whole_cluster() -> None:
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as driver:
        assert driver.stdout is not None
        port = int(driver.stdout.readline())
        service = locate_service(port)
        processes = service.alive()
        names = {process.name() for process in processes}
        pids = {process.pid for process in processes}
        with Meter(service.alive) as meter:
            driver.communicate("\n", timeout=60)

    assert driver.pid in pids
    assert {"gcs_server", "raylet", "ray::Proxy"} <= names
    assert os.getpid() not in pids
    assert meter.use.processes >= 5
    assert meter.use.cpu_s > 0
    assert meter.use.peak_memory_bytes is not None
    assert meter.use.peak_memory_bytes > 100e6
    assert service.alive() == []
