"""Asks Kubernetes whether a RayService runs with its newest settings, for `rayocr check` in a pod.

A change that fails is silent otherwise: the old replicas go on, and KubeRay's RayService stays ready.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from models.errors import ConfigurationError, Overloaded, RayocrError

if TYPE_CHECKING:
    import httpx

__all__ = ["RayServiceState", "ask_kubernetes", "state_of"]

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_S = 10.0


class RayServiceState(NamedTuple):
    """How far the newest settings of a RayService are.

    Args:
        problem: Why they are not in effect, in one sentence; None if they are.
        has_failed: Whether Serve has given them up.
    """

    problem: str | None
    has_failed: bool = False


def ask_kubernetes(name: str) -> Mapping[str, Any]:
    """Fetch a RayService, with the service account of this pod.

    Args:
        name: Its namespace and name, such as `ocr/rayocr`.

    Raises:
        ConfigurationError: This is not a pod with a service account, or the account may not see the RayService.
        Overloaded: Kubernetes does not answer.
    """
    import ssl

    import httpx

    namespace, _, name = name.rpartition("/")
    path = f"/apis/ray.io/v1/namespaces/{namespace}/rayservices/{name}"
    try:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        headers = {"Authorization": f"Bearer {(_ACCOUNT / 'token').read_text(encoding='ascii').strip()}"}
        trusted = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    except (KeyError, OSError) as exc:
        raise ConfigurationError(f"not a pod of Kubernetes with a service account: {exc!r}") from exc
    base = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    try:
        answer = httpx.get(f"{base}{path}", headers=headers, verify=trusted, timeout=_TIMEOUT_S, trust_env=False)
    except httpx.TransportError as exc:
        raise Overloaded(f"Kubernetes does not answer: {exc or type(exc).__name__}") from exc
    return _content(answer, path)


def state_of(service: Mapping[str, Any]) -> RayServiceState:
    """Tell from a RayService whether its newest settings are in effect.

    Args:
        service: The object, as `ask_kubernetes` gives it.
    """
    status = service.get("status", {})
    if status.get("observedGeneration") != service["metadata"]["generation"]:
        return RayServiceState("KubeRay has not taken the newest settings over yet: is its operator running?")
    pending = status.get("pendingServiceStatus") or {}
    cluster = pending if pending.get("rayClusterName") else status.get("activeServiceStatus") or {}
    of_cluster = f"the Ray cluster {cluster.get('rayClusterName', '(none yet)')}"
    applications = cluster.get("applicationStatuses") or {}
    for name, application in applications.items():
        if application.get("status") != "RUNNING":
            said = f"Serve says {application.get('status')} of {name} on {of_cluster}"
            has_failed = application.get("status") == "DEPLOY_FAILED"
            return RayServiceState(
                f"the newest settings are not in effect: {said}: {_reasons(application)}", has_failed
            )
    if cluster is pending or not applications:
        return RayServiceState(f"{of_cluster} does not serve yet")
    return RayServiceState(None)


def _reasons(application: Mapping[str, Any]) -> str:
    messages = [application.get("message", "")]
    for name, deployment in (application.get("serveDeploymentStatuses") or {}).items():
        if deployment.get("message"):
            messages.append(f"{name}: {deployment['message']}")
    return " ".join(" ".join(messages).split()) or "no reason is given"


def _content(answer: "httpx.Response", path: str) -> Mapping[str, Any]:
    if answer.status_code in (401, 403):
        raise ConfigurationError(f"Kubernetes refuses this pod's service account {path} ({answer.status_code})")
    if not answer.is_success:
        raise RayocrError(f"Kubernetes answered {answer.status_code} for {path}: {answer.text[:200]}")
    content: Mapping[str, Any] = answer.json()
    return content
