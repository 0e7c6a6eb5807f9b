"""Starting a service on this machine for a measurement, and stopping it again."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from loadtest.errors import LoadtestError
from loadtest.measuring.processes import port_of
from loadtest.measuring.service import Target, checked_url

__all__ = ["Service", "ServiceProgram", "service_at"]

Service = Callable[[str | None], AbstractContextManager[Target]]
"""The service with a bundle, or with its own (None), for as long as the context is held."""

_POLL_S = 1.0
_PROBE_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class ServiceProgram:
    """A program that serves on the host and port that it is told.

    Attributes:
        path: The program, `rayocr`.
        log: Where what it prints is added.
        ready_timeout_s: Longest wait until it is ready.
    """

    path: Path
    log: Path = Path(".cache/bench-service.log")
    ready_timeout_s: float = 300.0

    @contextmanager
    def running(self, url: str, bundle: str | None = None) -> Iterator[Target]:
        """Start it, wait until it is ready, and stop it at the end.

        Args:
            url: Where it shall listen, on loopback.
            bundle: Name or manifest of the bundle that it shall read with; None: as its settings say.

        Raises:
            LoadtestError: Something listens there already, or it does not get ready.
        """
        url = checked_url(url, allow_remote=False)
        if _is_ready(url):
            raise LoadtestError(f"a service already listens on {url}: stop it, or choose another port with PORT=...")
        environment = os.environ if bundle is None else {**os.environ, "RAYOCR_BUNDLE": bundle}
        command = [str(self.path.absolute()), "serve", "--host", urlsplit(url).hostname or ""]
        command += ["--port", str(port_of(url))]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.log.open("ab") as log:
                process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        except OSError as exc:
            raise LoadtestError(f"cannot start the service {self.path}: {exc}") from exc
        try:
            self._wait_until_ready(process, url)
            yield Target.at(url, service_pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        give_up = time.monotonic() + self.ready_timeout_s
        while not _is_ready(url):
            if process.poll() is not None:
                raise LoadtestError(f"the service ended before it was ready; see {self.log}")
            if time.monotonic() > give_up:
                raise LoadtestError(f"the service was not ready within {self.ready_timeout_s:g} s; see {self.log}")
            time.sleep(_POLL_S)


def service_at(url: str, program: Path | None, allow_remote: bool = False, service_pid: int | None = None) -> Service:
    """The service to measure: a program to be started, or one that runs already, with whatever bundle it has.

    Raises:
        LoadtestError: As `Target.at`.
    """
    if program is not None:
        ServiceProgram.log.unlink(missing_ok=True)
        return partial(ServiceProgram(program).running, url)
    target = Target.at(url, allow_remote, service_pid)
    return lambda _: nullcontext(target)


def _is_ready(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    try:
        opener.open(f"{url}/readyz", timeout=_PROBE_TIMEOUT_S).close()
    except (urllib.error.URLError, TimeoutError, ConnectionError):  # nobody listens yet, or 503 while stages start
        return False
    return True
