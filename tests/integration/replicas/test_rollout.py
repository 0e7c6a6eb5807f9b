"""New versions of a model bundle, good and bad, are rolled out as on a cluster: by a changed Serve config."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from models.manifests import load_manifest, verified_path
from tests.nets import QUICK_NETS
from tests.pictures import drawn_page, encoded
from tests.ports import free_port
from tests.ray_node import running_ray
from tests.waiting import until_true

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PNG = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_ROOT = Path(__file__).parents[3]
# So many answers after a change show that it has no effect.
_SOME = 10
# Between two requests of a client, which leaves the new version CPUs to start on.
_PAUSE_S = 0.1


class Cluster:
    """A Ray with Serve, to which Serve configs of rayocr are deployed."""

    def __init__(self, driver: dict[str, str], folder: Path) -> None:
        self._driver = driver
        self._config = folder / "serve.yaml"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def deploy(self, bundles: list[str], min_replicas: int) -> None:
        """Deploy the application with such further bundles, and return before it is rolled out."""
        config = {
            "proxy_location": "HeadOnly",
            "http_options": {"host": "127.0.0.1", "port": self._port},
            "applications": [
                {
                    "name": "rayocr",
                    "route_prefix": "/",
                    "import_path": "serve.app:build_app",
                    "args": {
                        "colocated": True,
                        "bundles": bundles,
                        "bundles_min_replicas": min_replicas,
                        "http": {"replicas": 2},
                        "reader": {"num_cpus": 0.1},
                    },
                }
            ],
        }
        self._config.write_text(yaml.safe_dump(config))
        command = [str(Path(sys.executable).with_name("serve")), "run", "--non-blocking", str(self._config)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), **self._driver}
        done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Ray without an application."""
    variables = {**QUICK_NETS, "RAY_SERVE_ENABLE_HA_PROXY": "0"}
    with running_ray(variables) as address:
        yield Cluster({**variables, **address}, tmp_path_factory.mktemp("cluster"))


def version(path: Path, unclip_ratio: float, recognizer: Path | None = None) -> str:
    """Write a version of a manifest, whose lines are so large, and name it with its digest.

    Args:
        path: Path of the manifest.
        unclip_ratio: How far the lines are grown.
        recognizer: A copy of the recognizer, to be taken in place of the package's.
    """
    tree: dict[str, Any] = load_manifest("ppocrv6-tiny", with_recipes=False).model_dump(mode="json", exclude_none=True)
    tree["name"] = "own"
    for net in ("detection", "detection_documents"):
        tree[net]["unclip_ratio"] = unclip_ratio
    if recognizer is not None:
        tree["recognition"]["file"]["source"] = f"file:{recognizer}"
    path.write_text(yaml.safe_dump(tree))
    return f"{path}@sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def answer(url: str, model: str) -> float | str:
    """Read the picture: the height of its first line in pixels, or why it was not read."""
    try:
        response = httpx.post(f"{url}/v1/ocr?model={model}", content=PNG, timeout=60, trust_env=False)
    except httpx.TransportError as error:
        return repr(error)
    if response.status_code != httpx.codes.OK:
        return f"{response.status_code} {response.text}"
    polygon = response.json()["pages"][0]["lines"][0]["polygon"]
    return float(polygon[3][1] - polygon[0][1])


def test_new_version_of_a_bundle_is_rolled_out_and_no_request_fails(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    cluster.deploy([version(path, 1.2)], min_replicas=1)
    until_true(lambda: isinstance(answer(cluster.url, "own"), float), every_s=0.5)
    before = answer(cluster.url, "own")
    over = threading.Event()
    answers: dict[str, list[float | str]] = {"own": [], "ppocrv6-small": []}

    def load(model: str) -> None:
        while not over.wait(_PAUSE_S):
            answers[model].append(answer(cluster.url, model))

    clients = [threading.Thread(target=load, args=(model,)) for model in ("own", "own", "ppocrv6-small")]
    for client in clients:
        client.start()
    try:
        newer = version(path, 3.0)
        until_true(lambda: len(answers["own"]) > _SOME, every_s=0.2)
        assert set(answers["own"]) == {before}  # a file that changed changes nothing by itself
        cluster.deploy([newer], min_replicas=1)
        until_true(lambda: answers["own"][-1] != before, every_s=0.5)
    finally:
        over.set()
        for client in clients:
            client.join()
    assert [one for model in answers.values() for one in model if isinstance(one, str)] == []
    assert float(answers["own"][-1]) > float(before)
    assert len(set(answers["ppocrv6-small"])) == 1


def test_bundle_that_can_not_start_is_refused_with_its_reason_until_it_is_mended(
    cluster: Cluster, tmp_path: Path
) -> None:
    path, recognizer = tmp_path / "own.yaml", tmp_path / "recognizer.onnx"
    whole = verified_path(load_manifest("ppocrv6-tiny").recognition.file).read_bytes()
    recognizer.write_bytes(whole[:1000])
    cluster.deploy([version(path, 1.2, recognizer)], min_replicas=0)
    reason = "model 'own' can't be started (models.errors.ConfigurationError: model file file:"
    until_true(lambda: reason in str(answer(cluster.url, "own")), every_s=0.5)  # until then, the version of before
    refused = str(answer(cluster.url, "own"))
    assert refused.startswith("503 ")
    assert "it is damaged or another version; replace " in refused
    assert isinstance(answer(cluster.url, "ppocrv6-small"), float)
    recognizer.write_bytes(whole)
    cluster.deploy([version(path, 3.0, recognizer)], min_replicas=0)
    until_true(lambda: isinstance(answer(cluster.url, "own"), float), every_s=0.5)
