"""Why pods of a release do not run, asked of the Kubernetes API from inside a pod."""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from models.errors import AccessDenied, ConfigurationError, RayocrError, SourceNotFound

__all__ = ["PodTrouble", "trouble_of", "troubled_pods"]

_API = "https://kubernetes.default.svc"
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_S = 10.0
# A container that waits for one of these is on its way.
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_IMAGE_REASONS = frozenset({"ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"})

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PodTrouble:
    """Why one pod does not run.

    Args:
        pod: Its name.
        reason: One word of Kubernetes, such as Unschedulable.
        message: What Kubernetes says about it; may be empty.
    """

    pod: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"pod {self.pod}: {self.reason}" + (f": {self.message}" if self.message else "")


def troubled_pods(
    namespace: str, release: str, api: str = _API, service_account: Path = _SERVICE_ACCOUNT
) -> list[PodTrouble]:
    """Ask for the pods of a release that do not run.

    Args:
        namespace: Where they are.
        release: The name of the Helm release, in the label app.kubernetes.io/instance.
        api: Address of the Kubernetes API.
        service_account: Folder with its token and certificate authority.

    Raises:
        ConfigurationError: This is no pod, or one without a service account's token.
        AccessDenied: The service account may not list pods.
        SourceNotFound: The release has no pods.
        RayocrError: The API gave no answer.
    """
    try:
        token = (service_account / "token").read_text(encoding="ascii").strip()
        trusted = ssl.create_default_context(cafile=service_account / "ca.crt")
    except OSError as exc:
        raise ConfigurationError(
            f"the pods can't be asked for: {exc.filename or service_account} can't be read: {exc.strerror}"
        ) from exc
    try:
        # Without the environment's proxy: the API is inside the cluster.
        with httpx.Client(base_url=api, verify=trusted, timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.get(
                f"/api/v1/namespaces/{namespace}/pods",
                params={"labelSelector": f"app.kubernetes.io/instance={release}"},
                headers={"Authorization": f"Bearer {token}"},
            )
    except httpx.HTTPError as exc:
        raise RayocrError(f"the pods can't be asked for: the Kubernetes API at {api} gave no answer: {exc}") from exc
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessDenied(
            f"the service account may not list the pods of the namespace {namespace}: grant it get, list"
        )
    if answer.is_error:
        raise RayocrError(f"the pods can't be asked for: the Kubernetes API answered {answer.status_code}")
    pods = [pod for pod in answer.json()["items"] if not _is_aside(pod)]
    if not pods:
        raise SourceNotFound(
            f"there is no pod of the release {release} in the namespace {namespace}: look at the RayService, and "
            "whether the KubeRay operator runs"
        )
    return [trouble for pod in pods if (trouble := trouble_of(pod)) is not None]


def trouble_of(pod: Object) -> PodTrouble | None:
    """Why a pod does not run; None for one that does, is done, or is being removed.

    Args:
        pod: As the Kubernetes API gives it.
    """
    name, status = pod["metadata"]["name"], pod.get("status", {})
    phase = status.get("phase", "Unknown")
    if phase == "Succeeded" or "deletionTimestamp" in pod["metadata"]:
        return None
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    first = next((found for one in containers if (found := _trouble_of_container(one)) is not None), None)
    conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
    unscheduled = conditions.get("PodScheduled", {"status": "True"})
    if unscheduled["status"] == "False":
        first = (unscheduled.get("reason", "Unschedulable"), unscheduled.get("message", ""))
    elif phase == "Failed" and "reason" in status:  # such as Evicted
        first = (status["reason"], status.get("message", ""))
    if first is not None:
        return PodTrouble(name, *first)
    busy = [one["name"] for one in status.get("initContainerStatuses", []) if "running" in one.get("state", {})]
    if busy:
        log = f"kubectl logs {name} --container {busy[0]}"
        return PodTrouble(name, "Initializing", f"container {busy[0]} is still at work; its log says at what: {log}")
    ready = conditions.get("Ready", {"status": "Unknown"})
    if ready["status"] == "True":
        return None
    return PodTrouble(name, ready.get("reason", phase), ready.get("message", ""))


def _is_aside(pod: Object) -> bool:
    """Whether a pod is no part of what was installed: this one, or another of Helm's hooks and tests."""
    metadata = pod["metadata"]
    return "helm.sh/hook" in metadata.get("annotations", {}) or metadata["name"] == os.environ.get("HOSTNAME")


def _trouble_of_container(container: Object) -> tuple[str, str] | None:
    state = container.get("state", {})
    waiting, ended = state.get("waiting"), state.get("terminated")
    if waiting is not None and waiting.get("reason") not in _STARTING:
        return waiting.get("reason", "Waiting"), "; ".join(_details(container, waiting))
    if ended is not None and ended.get("exitCode", 0) != 0:
        return ended.get("reason", "Error"), "; ".join([f"container {container['name']}", *_exit(ended)])
    return None


def _details(container: Object, waiting: Object) -> Iterator[str]:
    if waiting.get("reason") in _IMAGE_REASONS:
        yield f"image {container['image']}"
    else:
        yield f"container {container['name']}"
        yield from _exit(container.get("lastState", {}).get("terminated", {}))
    if waiting.get("message"):
        yield waiting["message"]


def _exit(ended: Object) -> Iterator[str]:
    """How a container ended."""
    if "exitCode" in ended:
        yield f"exit code {ended['exitCode']}" + (f" ({ended['reason']})" if "reason" in ended else "")
    if ended.get("message"):
        yield ended["message"].strip()
