"""What is said of a pod that does not run. The states are those that Kubernetes 1.34 gave."""

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme

from models.errors import AccessDenied, ConfigurationError, RayocrError, SourceNotFound
from serve.cluster_pods import trouble_of, troubled_pods

READY: dict[str, Any] = {
    "phase": "Running",
    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
}
NOT_READY = {
    "type": "Ready",
    "status": "False",
    "reason": "ContainersNotReady",
    "message": "containers with unready status: [ray-worker]",
}


def pod(status: dict[str, Any], name: str = "worker-1", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}, "status": status}


def waiting(reason: str, message: str = "", **container: Any) -> dict[str, Any]:
    state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    return {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True"}, NOT_READY],
        "containerStatuses": [{"name": "ray-worker", "image": "rayocr:2", "state": state, **container}],
    }


UNSCHEDULABLE = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient cpu.",
        }
    ],
}
CRASHED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
INIT = {
    "phase": "Pending",
    "initContainerStatuses": [{"name": "wait-gcs", "image": "rayocr:2", "state": {"terminated": {"exitCode": 1}}}],
}

WAITS_FOR_REDIS = {
    "phase": "Pending",
    "conditions": [{"type": "PodScheduled", "status": "True"}, NOT_READY],
    "initContainerStatuses": [
        {"name": "wait-for-redis", "image": "rayocr:2", "state": {"running": {"startedAt": "2026-11-22T02:09:00Z"}}}
    ],
    "containerStatuses": [
        {"name": "ray-head", "image": "rayocr:2", "state": {"waiting": {"reason": "PodInitializing"}}}
    ],
}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (UNSCHEDULABLE, "pod worker-1: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu."),
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "rayocr:2"'),
            'pod worker-1: ImagePullBackOff: image rayocr:2; Back-off pulling image "rayocr:2"',
        ),
        (
            waiting("CrashLoopBackOff", "back-off 10s restarting failed container", lastState=CRASHED),
            "pod worker-1: CrashLoopBackOff: container ray-worker; exit code 137 (OOMKilled); "
            "back-off 10s restarting failed container",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "s3" not found'),
            'pod worker-1: CreateContainerConfigError: container ray-worker; secret "s3" not found',
        ),
        (
            waiting("ContainerCreating"),
            "pod worker-1: ContainersNotReady: containers with unready status: [ray-worker]",
        ),
        (INIT, "pod worker-1: Error: container wait-gcs; exit code 1"),
        (
            WAITS_FOR_REDIS,
            "pod worker-1: Initializing: container wait-for-redis is still at work; its log says at what: "
            "kubectl logs worker-1 --container wait-for-redis",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
            "pod worker-1: Evicted: The node was low on resource: memory.",
        ),
        ({"phase": "Pending"}, "pod worker-1: Pending"),
    ],
    ids=[
        "unschedulable",
        "image",
        "crash loop",
        "no secret",
        "starting",
        "init",
        "in an init container",
        "evicted",
        "fresh",
    ],
)
def test_pod_that_does_not_run_is_told_with_the_reason(status: dict[str, Any], said: str) -> None:
    assert str(trouble_of(pod(status))) == said


@pytest.mark.parametrize(
    "one",
    [pod(READY), pod({"phase": "Succeeded"}), pod(UNSCHEDULABLE, deletionTimestamp="2026-11-21T10:00:00Z")],
    ids=["ready", "done", "ending"],
)
def test_pod_that_runs_or_is_done_is_no_trouble(one: dict[str, Any]) -> None:
    assert trouble_of(one) is None


class Api(BaseHTTPRequestHandler):
    """Answers like the API server."""

    status: ClassVar[int] = 200
    pods: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"items": self.pods}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def api(authority: trustme.CA) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Api)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Api.status, Api.pods, Api.asked = 200, [], []
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def account(tmp_path: Path, authority: trustme.CA) -> Path:
    (tmp_path / "token").write_text("token-of-the-pod\n")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    return tmp_path


def test_pods_of_the_release_are_asked_for_with_the_token(
    api: str, account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTNAME", "this-one")
    hook = pod(UNSCHEDULABLE, "test", annotations={"helm.sh/hook": "test"})
    Api.pods = [pod(READY), pod(UNSCHEDULABLE, "worker-2"), hook, pod(UNSCHEDULABLE, "this-one")]
    assert [trouble.pod for trouble in troubled_pods("ocr", "scans", api, account)] == ["worker-2"]
    query = "labelSelector=app.kubernetes.io%2Finstance%3Dscans"
    assert Api.asked == [(f"/api/v1/namespaces/ocr/pods?{query}", "Bearer token-of-the-pod")]


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (403, AccessDenied, "may not list the pods of the namespace ocr"),
        (500, RayocrError, "the Kubernetes API answered 500"),
        (200, SourceNotFound, "there is no pod of the release scans in the namespace ocr"),
    ],
    ids=["forbidden", "broken", "none"],
)
def test_failure_is_a_sentence(api: str, account: Path, status: int, error: type[RayocrError], message: str) -> None:
    Api.status = status
    with pytest.raises(error, match=message):
        troubled_pods("ocr", "scans", api, account)


def test_server_of_another_authority_is_refused(api: str, account: Path) -> None:
    trustme.CA().cert_pem.write_to_path(account / "ca.crt")
    with pytest.raises(RayocrError, match=r"gave no answer: .*certificate verify failed"):
        troubled_pods("ocr", "scans", api, account)
    assert Api.asked == []


def test_outside_a_pod_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"token can't be read: No such file"):
        troubled_pods("ocr", "scans", service_account=tmp_path)
