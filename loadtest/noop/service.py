"""`python -m loadtest.noop.service PORT PROXY`: the no-op application on a Ray of its own, on loopback."""

import contextlib
import io
import logging
import os
import signal
import sys
import threading

from serve.config.settings import HttpSettings
from serve.ray_patches import haproxy, loopback

_OBJECT_STORE_BYTES = 512 * 1024**2
_LOGICAL_CPUS = 1


def main() -> None:
    """Serve until SIGINT or SIGTERM, on a Ray that is set up as `rayocr serve` does it."""
    http = HttpSettings.model_validate({"port": sys.argv[1], "proxy": sys.argv[2]})
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    loopback.stay_on_loopback()
    with haproxy.haproxy_in_front(http):
        _serve(http)


def _serve(http: HttpSettings) -> None:
    # They read the environment while they are imported.
    import ray
    from ray import serve
    from ray.serve.config import HTTPOptions
    from ray.serve.schema import LoggingConfig

    from loadtest.noop.application import build_noop

    setup_hook = haproxy.SETUP_HOOK if http.proxy == "haproxy" else loopback.SETUP_HOOK
    ray.init(
        address="local",
        num_cpus=_LOGICAL_CPUS,
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"worker_process_setup_hook": setup_hook},
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        # rayocr logs a line a request: so does this.
        logs = LoggingConfig(encoding="JSON", enable_access_log=True)
        serve.start(http_options=HTTPOptions(host=http.host, port=http.port), logging_config=logs)
        serve.run(build_noop(), name="noop", route_prefix="/", logging_config=logs)
        print("ready", flush=True)
        while not stopped.wait(0.25):
            pass
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            serve.shutdown()  # type: ignore[no-untyped-call]
            ray.shutdown()


if __name__ == "__main__":
    main()
