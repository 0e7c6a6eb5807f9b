"""Finding the processes of a service that runs on this machine.

Ray starts gcs_server, raylet, dashboard, monitor and log monitor as children of the driver (`rayocr serve`); agents,
HTTP proxy, controller and every replica are children of raylet (seen with Ray 2.60). So whoever listens on the
service's port leads up to raylet, and raylet's parent is the driver. A cluster begun by `ray start` leaves its daemons
to init instead; those are known by the session's name on their command lines.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import psutil

from loadtest.errors import LoadtestError

__all__ = ["ServiceProcesses", "is_loopback", "locate_service", "port_of"]

_SESSION = re.compile(r"session_\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_\d+_\d+")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine by its loopback address."""
    return _LOOPBACK.fullmatch(urlsplit(url).hostname or "") is not None


def port_of(url: str) -> int:
    """Port that a URL leads to, the scheme's own where it names none."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


class ServiceProcesses:
    """The processes of a service, looked up anew at each call since replicas come and go.

    Args:
        roots: Processes whose whole trees belong to the service.
        detached: Further processes that belong to it, without their children.
    """

    def __init__(self, roots: Iterable[psutil.Process], detached: Iterable[psutil.Process] = ()) -> None:
        self._roots = list(roots)
        self._detached = list(detached)

    def alive(self) -> list[psutil.Process]:
        """All processes that now belong to the service, parents before children; never this one and its children."""
        found: dict[int, psutil.Process] = {}
        for root in self._roots:
            try:
                found |= {process.pid: process for process in (root, *root.children(recursive=True))}
            except psutil.NoSuchProcess:  # this root ended: the others go on
                continue
        for process in self._detached:
            if process.is_running():
                found.setdefault(process.pid, process)
        own = psutil.Process()
        if own.pid in found:
            for process in (own, *own.children(recursive=True)):
                found.pop(process.pid, None)
        return list(found.values())


def locate_service(port: int, service_pid: int | None = None) -> ServiceProcesses:
    """Find the service's processes on this machine.

    Args:
        port: TCP port that the service listens on.
        service_pid: The process that started the service, where it can't be found through the port.

    Raises:
        LoadtestError: There is no such process, nobody listens on the port, or this user may not see who does.
    """
    if service_pid is not None:
        try:
            return ServiceProcesses([psutil.Process(service_pid)])
        except psutil.NoSuchProcess as exc:
            raise LoadtestError(f"--service-pid {service_pid}: there is no such process") from exc
    listeners = [psutil.Process(pid) for pid in _listening_pids(port)]
    if not listeners:
        raise LoadtestError(
            f"no visible process listens on port {port}; give the service's process with --service-pid, "
            "or measure without its resources by --no-resources"
        )
    roots = {root.pid: root for root in (_root_of(listener) for listener in listeners)}
    return ServiceProcesses(roots.values(), _daemons_of_session(listeners))


def _listening_pids(port: int) -> set[int]:
    return {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.pid is not None and connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
    }


def _root_of(listener: psutil.Process) -> psutil.Process:
    raylet = _raylet_above(listener)
    if raylet is None:
        return listener
    driver = raylet.parent()
    # A session's name ends with the number of the process that began it: any other parent only inherited raylet.
    is_driver = driver is not None and any(name.endswith(f"_{driver.pid}") for name in _sessions_of(raylet))
    return driver if driver is not None and is_driver else raylet


def _raylet_above(process: psutil.Process) -> psutil.Process | None:
    return next((above for above in (process, *process.parents()) if above.name() == "raylet"), None)


def _daemons_of_session(listeners: Iterable[psutil.Process]) -> list[psutil.Process]:
    raylets = [raylet for raylet in map(_raylet_above, listeners) if raylet is not None]
    sessions = {name for raylet in raylets for name in _sessions_of(raylet)}
    if not sessions:
        return []
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(name in argument for argument in process.info["cmdline"] or () for name in sessions)
    ]


def _sessions_of(raylet: psutil.Process) -> set[str]:
    return set(_SESSION.findall(" ".join(raylet.cmdline())))
