"""What Kubernetes says of a RayService, and the number that a disruption budget is given."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.errors import ConfigurationError, Overloaded, RayocrError
from serve.cli.application import run
from serve.cli.console import Invocation
from serve.kubernetes import budget
from serve.kubernetes.api import fetch, patch
from serve.kubernetes.rayservice import state_of

RUNNING = {"rayocr": {"status": "RUNNING"}}
TRACE = (
    "Failed to start. Error:\n\x1b[36mray::Reader()\x1b[39m\n  File 'a.py'\n    raise\n\x1b[1mno bundle 'nope'\x1b[0m\n"
)
FAILED = {"rayocr": {"status": "DEPLOY_FAILED", "message": TRACE}}


def service(active: dict[str, Any], pending: dict[str, Any] | None = None, *, observed: int = 2) -> dict[str, Any]:
    status: dict[str, Any] = {"observedGeneration": observed}
    for key, name, applications in (("active", "old", active), ("pending", "new", pending)):
        if applications is not None:
            status[f"{key}ServiceStatus"] = {"rayClusterName": name, "applicationStatuses": applications}
    return {"metadata": {"generation": 2}, "status": status}


def test_settings_in_effect_are_no_problem() -> None:
    assert state_of(service(RUNNING)) == (None, False)


@pytest.mark.parametrize(
    ("state", "problem", "has_failed"),
    [
        (service(RUNNING, observed=1), "KubeRay has not taken the newest settings over yet", False),
        ({"metadata": {"generation": 1}}, "KubeRay has not taken the newest settings over yet", False),
        (service({}), "the Ray cluster old does not serve yet", False),
        (
            service(FAILED),
            "Serve says DEPLOY_FAILED of rayocr on the Ray cluster old: Failed to start. Error: no bundle 'nope'",
            True,
        ),
        (service(RUNNING, {}), "the Ray cluster new does not serve yet", False),
        (service(RUNNING, RUNNING), "the Ray cluster new does not serve yet", False),
        (service(RUNNING, FAILED), "Serve says DEPLOY_FAILED of rayocr on the Ray cluster new", True),
        (
            service(
                {
                    "rayocr": {
                        "status": "DEPLOYING",
                        "serveDeploymentStatuses": {"Reader": {"message": "no room"}, "Ingress": {"message": ""}},
                    }
                }
            ),
            "Serve says DEPLOYING of rayocr on the Ray cluster old: Reader: no room",
            False,
        ),
    ],
    ids=["not seen", "new", "starting", "failed", "second starts", "second ready", "second failed", "waiting"],
)
def test_settings_that_are_not_in_effect_are_told(state: dict[str, Any], problem: str, has_failed: bool) -> None:
    assert problem in str(state_of(state).problem)
    assert state_of(state).has_failed == has_failed


def test_a_failed_change_ends_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("serve.cli.check._PAUSE_S", 0.01)
    monkeypatch.setattr("serve.cli.check._FAILED_FOR_S", 0.0)
    monkeypatch.setattr(
        "serve.cli.check.fetch_rayservice", lambda name: service(FAILED) if name == "ocr/rayocr" else {}
    )

    assert run(["check", "http://127.0.0.1:9", "--rayservice", "ocr/rayocr"], Invocation()) == 78
    assert "Failed to start. Error: no bundle 'nope'; correct the values, or helm rollback" in capsys.readouterr().err


def test_a_change_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("serve.cli.check.fetch_rayservice", lambda _: service(RUNNING, {}))

    assert run(["check", "http://127.0.0.1:9", "--timeout", "0", "--rayservice", "ocr/rayocr"], Invocation()) == 75
    assert "does not read after 0 s: the Ray cluster new does not serve yet" in capsys.readouterr().err


def test_only_a_pod_can_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("serve.kubernetes.api._ACCOUNT", tmp_path)

    with pytest.raises(ConfigurationError, match="not a pod of Kubernetes with a service account"):
        fetch("/api")


@pytest.mark.parametrize(
    ("running", "stay"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (7, 6), (8, 6), (100, 75)], ids=str
)
def test_a_quarter_of_the_workers_may_go_at_once(running: int, stay: int) -> None:
    assert budget.workers_that_stay(running, 0.25) == stay


def test_a_budget_follows_the_workers_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    pdb: dict[str, Any] = {"spec": {"minAvailable": 1}, "status": {"expectedPods": 8}}
    changes: list[tuple[str, Any]] = []
    monkeypatch.setattr(budget, "fetch", lambda _: pdb)
    monkeypatch.setattr(budget, "patch", lambda path, change: changes.append((path, change)))

    budget.keep_budget("ocr/rayocr-cpu", 0.25)
    pdb["spec"]["minAvailable"] = 6
    budget.keep_budget("ocr/rayocr-cpu", 0.25)

    path = "/apis/policy/v1/namespaces/ocr/poddisruptionbudgets/rayocr-cpu"
    assert changes == [(path, {"spec": {"minAvailable": 6}})]


def answering(answer: httpx.Response | Exception, asked: list[httpx.Request]) -> httpx.Client:
    def answer_to(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.Client(base_url="https://10.96.0.1", transport=httpx.MockTransport(answer_to))


def test_a_change_is_a_merge_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.Request] = []
    monkeypatch.setattr("serve.kubernetes.api._client", lambda: answering(httpx.Response(200, json={"a": 1}), asked))

    assert patch("/apis/budget", {"spec": {}}) == {"a": 1}
    [request] = asked
    assert (request.method, request.url.path) == ("PATCH", "/apis/budget")
    assert request.headers["Content-Type"] == "application/merge-patch+json"


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (httpx.Response(403), ConfigurationError, "refuses this pod's service account /api (403)"),
        (httpx.Response(404, text="gone"), RayocrError, "answered 404 for /api: gone"),
        (httpx.ConnectError("refused"), Overloaded, "Kubernetes does not answer: refused"),
    ],
    ids=["forbidden", "missing", "down"],
)
def test_errors_of_kubernetes_are_sentences(
    answer: httpx.Response | Exception, error: type[RayocrError], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.kubernetes.api._client", lambda: answering(answer, []))

    with pytest.raises(error, match=re.escape(text)):
        fetch("/api")
