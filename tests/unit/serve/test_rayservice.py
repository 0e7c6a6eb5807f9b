"""What Kubernetes says of a RayService: whether its newest settings are in effect."""

from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigurationError
from serve.cli.application import run
from serve.cli.console import Invocation
from serve.health.rayservice import ask_kubernetes, state_of

RUNNING = {"rayocr": {"status": "RUNNING"}}
FAILED = {"rayocr": {"status": "DEPLOY_FAILED", "message": "no bundle named\n 'nope'"}}


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
        (service(FAILED), "Serve says DEPLOY_FAILED of rayocr on the Ray cluster old: no bundle named 'nope'", True),
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
    monkeypatch.setattr("serve.cli.check.ask_kubernetes", lambda name: service(FAILED) if name == "ocr/rayocr" else {})

    assert run(["check", "http://127.0.0.1:9", "--rayservice", "ocr/rayocr"], Invocation()) == 78
    assert "no bundle named 'nope'; correct the values, or helm rollback" in capsys.readouterr().err


def test_a_change_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("serve.cli.check.ask_kubernetes", lambda _: service(RUNNING, {}))

    assert run(["check", "http://127.0.0.1:9", "--timeout", "0", "--rayservice", "ocr/rayocr"], Invocation()) == 75
    assert "does not read after 0 s: the Ray cluster new does not serve yet" in capsys.readouterr().err


def test_only_a_pod_can_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("serve.health.rayservice._ACCOUNT", tmp_path)

    with pytest.raises(ConfigurationError, match="not a pod of Kubernetes with a service account"):
        ask_kubernetes("ocr/rayocr")
