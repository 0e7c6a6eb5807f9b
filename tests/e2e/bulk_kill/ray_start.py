"""`python -m tests.e2e.bulk_kill.ray_start ...`: `ray start ...` for several nodes that stay on loopback.

Ray's switch for that (see `serve.ray_patches.loopback`) is made for one node. Its command refuses a second one, its
daemons do not:
they read the variable themselves, which stays as it is.
"""

import sys

from ray._private import ray_constants, services
from ray.scripts.scripts import cli

if __name__ == "__main__":
    for module, name, value in (
        (ray_constants, "ENABLE_RAY_CLUSTER", True),
        (services, "get_node_ip_address", lambda *_: "127.0.0.1"),
    ):
        assert hasattr(module, name), f"Ray has no {name} any more: see what keeps a node on loopback now"
        setattr(module, name, value)
    cli(["start", *sys.argv[1:]])
