"""One release of the chart under test."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from serve.config.settings import Settings
from tests.e2e.kubernetes.tools import helm, kubectl, listed, wait_until

__all__ = ["READERS", "WORKERS", "Pod", "Release", "Shape"]

_CHART = Path(__file__).parents[3] / "helm/rayocr"
_VALUES = Path(__file__).with_name("values.yaml")
_OWNED = (
    "pods,services,secrets,configmaps,serviceaccounts,persistentvolumeclaims,statefulsets,jobs,roles,rolebindings,"
    "networkpolicies,poddisruptionbudgets,deployments,rayservices,rayclusters"
)
_START_TIMEOUT_S = 600.0
# At rest, by values.yaml.
WORKERS = READERS = 2


@dataclass(frozen=True)
class Pod:
    """A Ray pod of the release.

    Args:
        name: Its name.
        container: The one in which Ray runs.
        incarnation: Another one after each new start, be it of the pod or of a container in it.
        image: Of the container.
        is_ready: Whether it takes requests (a worker), or answers its probes (the head).
    """

    name: str
    container: str
    incarnation: tuple[str, int]
    image: str
    is_ready: bool


@dataclass(frozen=True)
class Shape:
    """What runs: workers that are ready, and the replicas in them."""

    workers: int
    readers: int
    ingresses: int


class Release:
    """The chart, installed in a namespace.

    Args:
        namespace: Where.
        values: Files with values on top of those of the tests: what this cluster needs.
    """

    name = "rayocr"

    def __init__(self, namespace: str, values: Sequence[Path]) -> None:
        self.namespace = namespace
        self._values = values

    @property
    def url(self) -> str:
        """Where its Service is, for clients inside the cluster."""
        return f"http://{self.name}.{self.namespace}:8000"

    def install(self) -> float:
        """Install and wait until it is ready; returns the seconds that took."""
        started = time.monotonic()
        files = [argument for file in (_VALUES, *self._values) for argument in ("--values", str(file))]
        helm("upgrade", "--install", self.name, str(_CHART), "--namespace", self.namespace, *files)
        self.wait_ready()
        return time.monotonic() - started

    def set_value(self, value: str) -> None:
        """Upgrade with one other value, such as `image.tag=2`."""
        upgrade = ("upgrade", self.name, str(_CHART), "--namespace", self.namespace)
        helm(*upgrade, "--reset-then-reuse-values", "--set", value)

    def roll_back(self) -> None:
        """Take back the last upgrade."""
        helm("rollback", self.name, "--namespace", self.namespace)

    def test(self) -> str:
        """What `helm test` prints, with the logs of its pod."""
        return helm("test", self.name, "--namespace", self.namespace, "--timeout", "10m", "--logs", timeout_s=660)

    def complaint(self) -> str:
        """What the pod of a `helm test` that fails writes."""
        with pytest.raises(AssertionError):
            self.test()
        return self._kubectl("logs", f"{self.name}-test-read")

    def head_addresses(self) -> str:
        """Addresses behind the Service of Ray's head, by which its dashboard is reached."""
        return self._kubectl(
            "get", "endpoints", f"{self.name}-head-svc", "-o", "jsonpath={.subsets[*].addresses[*].ip}"
        )

    def budget(self) -> int:
        """The number of workers that evictions leave."""
        path = "jsonpath={.spec.minAvailable}"
        return int(self._kubectl("get", "poddisruptionbudget", f"{self.name}-cpu", "-o", path))

    def evict(self, pod: Pod) -> bool:
        """Ask for a pod's eviction, as emptying its node does; whether the disruption budgets allow it."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": self.namespace},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod.name}/eviction"
        try:
            kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction).encode())
        except AssertionError as exc:
            if "disruption budget" not in str(exc):
                raise
            return False
        return True

    def uninstall(self) -> None:
        """Remove it, and wait for what Helm itself made. The pod of `helm test` belongs to nobody."""
        self._kubectl("delete", "pod", f"{self.name}-test-read", "--ignore-not-found")
        helm("uninstall", self.name, "--namespace", self.namespace, "--wait", "--timeout", "5m")

    def wait_ready(self) -> None:
        """Wait until KubeRay calls the RayService ready and all pods are there."""
        self._kubectl(
            *("wait", f"rayservice/{self.name}", "--for", "condition=Ready", "--timeout", f"{_START_TIMEOUT_S:g}s"),
            timeout_s=_START_TIMEOUT_S + 30,
        )
        self.wait_whole()

    def wait_whole(self, timeout_s: float = 300.0) -> float:
        """Wait until all workers and replicas of a release at rest are there; returns the seconds that took."""
        return wait_until("all at work", lambda: self.is_whole(), timeout_s)

    def is_whole(self) -> bool:
        """Whether all is there that a release at rest has; load may have brought more."""
        if not all(pod.is_ready for pod in self.heads()) or len(self.heads()) != 1:
            return False
        shape = self.shape()
        return shape.workers >= WORKERS and shape.readers >= READERS and shape.ingresses >= WORKERS

    def is_settled(self) -> bool:
        """Whether KubeRay has handed the newest settings to Ray Serve, and all its replicas run with them."""
        service = json.loads(self._kubectl("get", "rayservice", self.name, "-o", "json"))
        metadata, status = service["metadata"], service["status"]
        applications = status["activeServiceStatus"]["applicationStatuses"]
        return status["observedGeneration"] == metadata["generation"] and all(
            application["status"] == "RUNNING" for application in applications.values()
        )

    def settings(self) -> Settings:
        """The settings that the service runs with."""
        service = json.loads(self._kubectl("get", "rayservice", self.name, "-o", "json"))
        return Settings.model_validate(yaml.safe_load(service["spec"]["serveConfigV2"])["applications"][0]["args"])

    def heads(self) -> list[Pod]:
        """Pods with Ray's head; two during an upgrade."""
        return self._pods("head")

    def workers(self) -> list[Pod]:
        """Pods of workers that are not being removed."""
        return self._pods("worker-cpu")

    def redis(self) -> Pod:
        """The pod of the bundled Redis."""
        (pod,) = self._pods("redis")
        return pod

    def shape(self) -> Shape:
        """Count what runs now."""
        ready = [pod for pod in self.workers() if pod.is_ready]
        return Shape(
            len(ready), sum(self._replicas(pod, "Reader") for pod in ready), sum(self.ingresses(pod) for pod in ready)
        )

    def ingresses(self, pod: Pod) -> int:
        """Count the replicas of the ingress in a pod."""
        return self._replicas(pod, "Ingress")

    def ray_clusters(self) -> set[str]:
        """Names of the Ray clusters, those being removed included."""
        return {item["metadata"]["name"] for item in listed(self.namespace, "rayclusters")}

    def run_in(self, pod: Pod, script: str) -> str:
        """What a script for bash prints in a pod."""
        return self._kubectl("exec", pod.name, "--container", pod.container, "--", "bash", "-c", script)

    def delete_by_force(self, pod: Pod) -> None:
        """Kill all containers of a pod at once, without its preStop."""
        self._kubectl("delete", "pod", pod.name, "--grace-period=0", "--force", "--wait=false")

    def delete(self, pod: Pod) -> None:
        """Have a pod end as an eviction would."""
        self._kubectl("delete", "pod", pod.name, "--wait=false")

    def kill(self, pod: Pod, program: str) -> None:
        """`kill -9` one program in a pod."""
        is_it = f"[[ $(< $p/comm) == {program} ]]"
        killed = self.run_in(
            pod, f'for p in /proc/[0-9]*; do {is_it} && kill -9 "${{p#/proc/}}" && echo ok; done 2>/dev/null; true'
        )
        assert "ok" in killed, f"no {program} in {pod.name}"

    def memory_bytes(self) -> Mapping[str, int]:
        """What each pod holds that the kernel can't take back, by the pod's name."""
        script = (
            "if [[ -e /sys/fs/cgroup/memory.current ]]; "
            "then cat /sys/fs/cgroup/memory.current; grep -w inactive_file /sys/fs/cgroup/memory.stat; "
            "else cat /sys/fs/cgroup/memory/memory.usage_in_bytes; "
            "grep -w total_inactive_file /sys/fs/cgroup/memory/memory.stat; fi"
        )
        held = {}
        for pod in (*self.heads(), *self.workers(), self.redis()):
            used, _, inactive = self.run_in(pod, script).split()
            held[pod.name] = int(used) - int(inactive)
        return held

    def objects(self) -> set[str]:
        """Kind and name of all in the namespace that a release could leave behind."""
        return {f"{item['kind']}/{item['metadata']['name']}" for item in listed(self.namespace, _OWNED)}

    def _replicas(self, pod: Pod, deployment: str) -> int:
        # A busy replica has the name of its method appended.
        script = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null"
        try:
            processes = self.run_in(pod, script).splitlines()
        except AssertionError:  # it has just ended
            return 0
        return sum(line.startswith(f"ray::ServeReplica:rayocr:{deployment}") for line in processes)

    def _pods(self, component: str) -> list[Pod]:
        items = listed(
            self.namespace, "pods", f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={component}"
        )
        return [_pod(item) for item in items if "deletionTimestamp" not in item["metadata"]]

    def _kubectl(self, *arguments: str, timeout_s: float = 120) -> str:
        return kubectl("--namespace", self.namespace, *arguments, timeout_s=timeout_s)


def _pod(item: Mapping[str, Any]) -> Pod:
    metadata, status, container = item["metadata"], item["status"], item["spec"]["containers"][0]
    conditions: Iterable[Mapping[str, str]] = status.get("conditions", [])
    return Pod(
        metadata["name"],
        container["name"],
        (metadata["uid"], sum(one["restartCount"] for one in status.get("containerStatuses", []))),
        container["image"],
        any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions),
    )
