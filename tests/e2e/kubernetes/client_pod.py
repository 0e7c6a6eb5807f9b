"""A pod that sends requests through the Service, as a client in the cluster would.

`kubectl port-forward` would not do: it holds on to one pod behind the Service.
"""

import io
import json
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.data.pictures import Picture
from tests.e2e.kubernetes.outcome import Answered, Outcome, outcome_of
from tests.e2e.kubernetes.tools import kubectl

__all__ = ["ClientPod", "Load"]

_ROOT = Path(__file__).parents[3]
_NAME = "rayocr-e2e-client"
_FOLDER = "/tmp/client"
_END_TIMEOUT_S = 180.0


class Load:
    """Requests under way, and the answers so far."""

    def __init__(self, command: Sequence[str]) -> None:
        self.answers: list[Answered] = []
        self._started = time.monotonic()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for_answers(self, count: int, timeout_s: float = 120.0) -> None:
        """Wait for so many more successful answers."""
        give_up, goal = time.monotonic() + timeout_s, self._succeeded() + count
        while self._succeeded() < goal:
            assert time.monotonic() < give_up, f"fewer than {count} answers in {timeout_s:g} s"
            assert self._process.poll() is None, f"the clients ended with {self._process.returncode}"
            time.sleep(0.2)

    def end(self) -> None:
        """Send nothing new, and wait for all answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(_END_TIMEOUT_S) == 0, f"the clients ended with {self._process.returncode}"
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(10)
            self._process.stdout.close()

    def outcome(self, texts: Mapping[str, str]) -> Outcome:
        """Count the answers.

        Args:
            texts: The text of each picture.
        """
        return outcome_of(self.answers, texts)

    def _succeeded(self) -> int:
        return sum(answer.failure is None for answer in self.answers)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.answers.append(Answered(at_s=time.monotonic() - self._started, **json.loads(line)))


class ClientPod:
    """The pod with load.py and pictures in it.

    Args:
        namespace: Where.
        image: One with Python and aiohttp: rayocr's own.
        pictures: What it sends.
    """

    def __init__(self, namespace: str, image: str, pictures: Sequence[Picture]) -> None:
        self._namespace = namespace
        kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(_manifest(image)).encode())
        kubectl("wait", "-n", namespace, f"pod/{_NAME}", "--for", "condition=Ready", "--timeout", "110s")
        unpack = ["bash", "-c", f"mkdir -p {_FOLDER} && tar -x -C {_FOLDER}"]
        kubectl("exec", "-i", "-n", namespace, _NAME, "--", *unpack, stdin=_archive(pictures))

    @contextmanager
    def load(self, url: str, clients: int) -> Iterator[Load]:
        """So many clients, each of which sends its next picture when the last one is answered."""
        load = Load(
            [
                *("kubectl", "exec", "-i", "-n", self._namespace, _NAME, "--"),
                *("env", f"PYTHONPATH={_FOLDER}", "python", f"{_FOLDER}/load.py"),
                *(url, f"{_FOLDER}/pictures", str(clients)),
            ]
        )
        try:
            yield load
        finally:
            load.end()

    def delete(self) -> None:
        """Remove it."""
        kubectl("delete", "pod", _NAME, "-n", self._namespace, "--grace-period=1")


def _archive(pictures: Sequence[Picture]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(Path(__file__).with_name("load.py"), "load.py")
        for file in sorted((_ROOT / "loadtest").rglob("*.py")):
            archive.add(file, str(file.relative_to(_ROOT)))
        for picture in pictures:
            entry = tarfile.TarInfo(f"pictures/{Path(picture.name).name}")
            entry.size = len(picture.content)
            archive.addfile(entry, io.BytesIO(picture.content))
    return packed.getvalue()


def _manifest(image: str) -> Mapping[str, object]:
    container = {
        "name": "client",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "resources": {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    # Allowed by the restricted Pod Security standard, which holds in the namespace.
    context = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": context, "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": _NAME}, "spec": spec}
