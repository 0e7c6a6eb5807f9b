"""Whether a RayService runs with its newest settings, for `rayocr check` in a pod.

A change that fails is silent otherwise: the old replicas go on, and KubeRay's RayService stays ready.
"""

import re
from typing import NamedTuple

from serve.kubernetes.api import Object, fetch

__all__ = ["RayServiceState", "fetch_rayservice", "state_of"]

_COLORS = re.compile(r"(?:\x1b|\\x1b)\[[0-9;]*m")


class RayServiceState(NamedTuple):
    """How far the newest settings of a RayService are.

    Args:
        problem: Why they are not in effect, in one sentence; None if they are.
        has_failed: Whether Serve has given them up.
    """

    problem: str | None
    has_failed: bool = False


def fetch_rayservice(name: str) -> Object:
    """Fetch a RayService; errors are those of `serve.kubernetes.api.fetch`.

    Args:
        name: Its namespace and name, such as `ocr/rayocr`.
    """
    namespace, _, name = name.rpartition("/")
    return fetch(f"/apis/ray.io/v1/namespaces/{namespace}/rayservices/{name}")


def state_of(service: Object) -> RayServiceState:
    """Tell from a RayService whether its newest settings are in effect.

    Args:
        service: The object, as `fetch_rayservice` gives it.
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


def _reasons(application: Object) -> str:
    """The messages of an application and its deployments; of a traceback, only what was raised."""
    messages = {"": application.get("message", "")}
    deployments: Object = application.get("serveDeploymentStatuses") or {}
    messages |= {f"{name}: ": deployment.get("message", "") for name, deployment in deployments.items()}
    said = []
    for of, message in messages.items():
        lines = [line.strip() for line in _COLORS.sub("", message).splitlines() if line.strip()]
        said += [of + " ".join(dict.fromkeys((lines[0], lines[-1])))] if lines else []
    return " ".join(said) or "no reason is given"
