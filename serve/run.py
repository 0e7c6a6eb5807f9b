"""`rayocr serve`: a Ray on this machine, the application in it, until a signal comes."""

import contextlib
import io
import ipaddress
import logging
import math
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from models.errors import ConfigurationError, RayocrError
from serve.api.keys import ApiKeys
from serve.config.access import check_access_file
from serve.config.bundle import check_bundle, check_structure, served_bundles
from serve.config.colocation import is_colocated, with_structure
from serve.config.loading import LoadedSettings
from serve.config.rights import LOOPBACK, with_default_rights, with_loopback_defaults
from serve.config.settings import INGRESS_CPUS, Settings
from serve.ray_patches import haproxy, loopback
from serve.ray_patches.environment import LOCAL_WORKER_HOOK
from serve.ray_patches.fewer_processes import leave_out_data_frames
from serve.ray_patches.local_ray import set_local_environment, start_local_ray

if TYPE_CHECKING:
    from deployments.stages.reader import Stages

__all__ = ["run_service"]

_APPLICATION = "rayocr"
_READY_TIMEOUT_S = 120.0
# Of so many calls at a time, none reaches one certain ingress replica of two once in 250 times.
_DRAIN_CALLS = 4
_POLL_S = 0.25


def run_service(loaded: LoadedSettings, stages: "Callable[[], Stages] | None" = None) -> int:
    """Serve until SIGINT or SIGTERM, then stop everything that was started.

    Args:
        loaded: The settings in effect.
        stages: Gives other classes for the stages, as for `build_application`. Called when Ray has started: their
            modules import it, and it reads the environment while it is imported.

    Returns:
        The exit code: 0 after a signal.

    Raises:
        ConfigurationError: The port is taken, a model file is damaged, or a device that was asked for is not there.
        RayocrError: The service did not become ready.
    """
    settings = with_default_rights(loaded.settings, on_loopback=loaded.settings.http.host in LOOPBACK)
    settings = with_loopback_defaults(settings)
    colocated = is_colocated(settings, otherwise=True)
    settings = with_structure(settings, colocated=colocated)
    _check(settings)
    stopped = threading.Event()

    _stop_on_signals(stopped)
    with _ray(settings, _logical_cpus(settings, colocated=colocated)) as log_directory:
        _stop_on_signals(stopped)  # again: Ray has put its own handler in the way
        _deploy(settings, stages, stopped, colocated=colocated)
        if not stopped.is_set():
            _announce(settings, log_directory)
        while not stopped.wait(_POLL_S):
            pass
        _drain(settings)
    return 0


def _stop_on_signals(stopped: threading.Event) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt  # the second time: without waiting for the requests in work
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _check(settings: Settings) -> None:
    """Find here, in a second, what a replica would report from deep inside a log after half a minute."""
    _check_access(settings)
    for manifest in served_bundles(settings).values():
        check_bundle(settings, manifest)
    check_structure(settings.structure)
    if settings.http.proxy == "haproxy":
        haproxy.check_haproxy()
    if settings.http.api_keys_directory is not None:
        ApiKeys(Path(settings.http.api_keys_directory))
        check_access_file(settings.http)
    _check_jobs(settings)
    _check_port(settings.http.host, settings.http.port, "choose another with --port or --host")
    if settings.ray.metrics_port:
        # Ray itself would say after half a minute, and in a log, that one of its agents ended.
        choose = "choose another for the metrics with RAYOCR_RAY__METRICS_PORT, or 0 for a free one"
        _check_port("127.0.0.1", settings.ray.metrics_port, choose)


def _check_access(settings: Settings) -> None:
    http = settings.http
    if http.api_keys_directory is None and not http.allow_anonymous and not _is_loopback(http.host):
        raise ConfigurationError(
            f"without API keys, whoever reaches {http.host} could use the service: set http.api_keys_directory, listen "
            "on 127.0.0.1, or allow it by http.allow_anonymous=true (RAYOCR_HTTP__ALLOW_ANONYMOUS=true)"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_jobs(settings: Settings) -> None:
    from serve.jobs.placement import takes_jobs
    from serve.jobs.store import JobStore

    if takes_jobs(settings, on_one_machine=True):
        store = JobStore.of(settings.jobs)
        try:
            store.check()
        finally:
            store.close()


def _check_port(host: str, port: int, choose: str) -> None:
    if (error := loopback.why_not_listen(port, host)) is not None:
        raise ConfigurationError(f"can't listen on {host}:{port}: {error.strerror}; {choose}") from error


@contextlib.contextmanager
def _ray(settings: Settings, num_cpus: int) -> Iterator[str]:
    set_local_environment()
    leave_out_data_frames()
    if settings.http.host in LOOPBACK:
        loopback.stay_on_loopback()
    with haproxy.haproxy_in_front(settings.http):
        # Both take seconds to import, and read the environment while they do.
        import ray
        from ray import serve

        session = start_local_ray(
            num_cpus=num_cpus,
            object_store_memory_bytes=settings.ray.object_store_memory_bytes,
            metrics_port=settings.ray.metrics_port or None,
            setup_hook=LOCAL_WORKER_HOOK,
        )
        try:
            yield settings.logging.directory or f"{session}/logs/serve"
        finally:
            # Ray reports the planned end of Serve's controller as a failure, on standard output.
            with contextlib.redirect_stdout(io.StringIO()):
                serve.shutdown()  # type: ignore[no-untyped-call]
                ray.shutdown()


def _logical_cpus(settings: Settings, *, colocated: bool) -> int:
    """CPUs that the most replicas reserve together: here they only count; threads bound what is really used."""
    ingress = settings.http.replicas * INGRESS_CPUS
    if colocated:
        of_a_bundle = settings.reader.scaling.max_replicas * settings.reader_cpus
    else:
        stages = settings.stages().values()
        of_a_bundle = sum(stage.scaling.max_replicas * stage.reserved_cpus for stage in stages)
    return math.ceil(ingress + of_a_bundle * len(served_bundles(settings)))


def _deploy(
    settings: Settings, stages: "Callable[[], Stages] | None", stopped: threading.Event, *, colocated: bool
) -> None:
    from ray import serve
    from ray.serve.config import HTTPOptions
    from ray.serve.schema import LoggingConfig

    from deployments.stages.reader import Stages
    from serve.app import build_application
    from serve.jobs.placement import takes_jobs

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    logs = LoggingConfig(
        encoding="JSON", log_level=settings.logging.level, logs_dir=settings.logging.directory, enable_access_log=True
    )
    serve.start(http_options=HTTPOptions(host=settings.http.host, port=settings.http.port), logging_config=logs)
    try:
        serve.run(
            build_application(
                settings,
                stages() if stages else Stages(),
                colocated=colocated,
                with_jobs=takes_jobs(settings, on_one_machine=True),
            ),
            name=_APPLICATION,
            route_prefix=settings.http.root_path or "/",
            logging_config=logs,
        )
    except RuntimeError as exc:
        raise RayocrError(f"the service could not be started: {exc}") from exc
    _wait_until_ready(settings, stopped)


def _wait_until_ready(settings: Settings, stopped: threading.Event) -> None:
    url = f"{_url(settings)}/readyz"
    give_up = time.monotonic() + _READY_TIMEOUT_S
    answer = "no answer"
    while not stopped.wait(_POLL_S):
        try:
            with urllib.request.urlopen(url, timeout=_READY_TIMEOUT_S):
                return
        except urllib.error.HTTPError as exc:
            answer = exc.read().decode(errors="replace")
        except OSError as exc:
            answer = str(exc)
        if time.monotonic() > give_up:
            raise RayocrError(f"the service was not ready within {_READY_TIMEOUT_S:g} s: {answer}")


def _drain(settings: Settings) -> None:
    """Let the requests in work be answered: Serve's own shutdown ends its proxy under them."""
    from ray import serve

    print("stopping: answering the requests in work (once more Ctrl-C drops them) ...", file=sys.stderr)
    handle = serve.get_app_handle(_APPLICATION)
    replicas = settings.http.replicas
    give_up = time.monotonic() + settings.http.request_timeout_s
    drained: set[str] = set()
    try:
        while True:
            # Serve chooses which replica a call goes to.
            calls = [handle.drain.remote() for _ in range(_DRAIN_CALLS * replicas if replicas > 1 else 1)]
            drained |= {call.result(timeout_s=max(0.0, give_up - time.monotonic())) for call in calls}
            if len(drained) >= replicas:
                break
            time.sleep(_POLL_S)
    except TimeoutError:
        print(f"requests were still in work after {settings.http.request_timeout_s:g} s: dropped", file=sys.stderr)


def _announce(settings: Settings, log_directory: str) -> None:
    url = _url(settings)
    allowed = ", ".join(settings.storage.allowed or ()) or "none"
    others = "" if settings.http.access_file is None else "; some clients have others (http.access_file)"
    print(
        f"rayocr is ready at {url} (API: {url}/docs, logs: {log_directory}). "
        f"Try: curl -F file=@receipt.jpg {url}/v1/ocr\n"
        f"s3:// sources that clients may read: {allowed} (storage.allowed){others}",
        flush=True,
    )


def _url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.http.host in {"0.0.0.0", "::"} else settings.http.host
    return f"http://{host}:{settings.http.port}{settings.http.root_path}"
