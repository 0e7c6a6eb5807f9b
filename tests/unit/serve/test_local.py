"""How many documents are read at a time on a machine."""

from types import SimpleNamespace

import pytest

from serve.config.settings import Settings
from serve.documents.local import default_jobs

GB = 10**9


def on_machine(monkeypatch: pytest.MonkeyPatch, cpus: int, free_bytes: int, gpus: int = 0) -> None:
    monkeypatch.setattr("serve.documents.local.usable_cpu_count", lambda: cpus)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=free_bytes))
    monkeypatch.setattr("models.runtime.registry._cuda_device_count", lambda: gpus)


@pytest.mark.parametrize(
    ("cpus", "free_bytes", "jobs", "reason"),
    [
        (1, 64 * GB, 1, "one CPU"),
        (8, 64 * GB, 8, "a document for each CPU"),
        (8, 3 * GB, 3, "no more than fit into memory"),
        (8, GB // 2, 1, "at least one"),
    ],
)
def test_jobs_follow_cpus_and_free_memory(
    monkeypatch: pytest.MonkeyPatch, cpus: int, free_bytes: int, jobs: int, reason: str
) -> None:
    on_machine(monkeypatch, cpus, free_bytes)
    assert default_jobs(Settings()) == jobs, reason


def test_threads_of_a_replica_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, cpus=8, free_bytes=64 * GB)
    settings = Settings.model_validate({"detection": {"net": {"threads": 4}}, "recognition": {"net": {"threads": 4}}})
    assert default_jobs(settings) == 8


def test_gpu_takes_two_documents_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, cpus=8, free_bytes=64 * GB, gpus=1)
    assert default_jobs(Settings()) == 2
    assert default_jobs(Settings.model_validate({"detection": {"net": {"device": "cpu"}}})) == 8
