"""The child process, with tasks of one fault each: what it costs, and how its parent learns of it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deployments.memory_files import mapped_result
from deployments.sandbox.bounds import CallLimits
from deployments.sandbox.process import ProcessEnded, SandboxPool, SandboxProcess
from deployments.sandbox.task import Refused

LIMITS = CallLimits(cpu_s=2.0, wall_s=20.0, max_bytes=100_000_000, max_file_bytes=10_000_000)

Start = Callable[..., SandboxProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[SandboxProcess] = []

    def start_task(name: str = "Faulty") -> SandboxProcess:
        processes.append(SandboxProcess(f"tests.unit.sandbox.tasks:{name}"))
        return processes[-1]

    yield start_task
    for process in processes:
        process.close()


def told(process: SandboxProcess) -> dict[str, Any]:
    return process.call({"do": "tell"}, LIMITS, b"")[0]


def test_child_knows_its_task_and_nothing_of_the_environment(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    answer = told(start())
    assert answer["argv"][2:] == ["tests.unit.sandbox.tasks:Faulty"]
    assert set(answer["environment"]) == {"LC_ALL", "MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS", "PYTHONPATH"}


def test_files_go_over_and_the_result_comes_back(start: Start) -> None:
    _, result = start().call({"do": "copy"}, LIMITS, b"one ", b"two")
    assert result is not None
    assert mapped_result(result)[:] == b"one two"


def test_result_that_could_be_changed_is_not_mapped(start: Start) -> None:
    _, result = start().call({"do": "send unsealed"}, LIMITS, b"")
    assert result is not None
    with pytest.raises(ValueError, match="not sealed"):
        mapped_result(result)


@pytest.mark.parametrize(
    ("task", "request_", "limits", "reason"),
    [
        ("Faulty", {"do": "take time"}, LIMITS._replace(cpu_s=0.1), "cpu"),
        ("Faulty", {"do": "sleep", "s": 20}, LIMITS._replace(wall_s=0.5), "wall"),
        ("Faulty", {"do": "trickle"}, LIMITS._replace(wall_s=0.5), "wall"),
        ("Faulty", {"do": "nest"}, LIMITS, "crash"),
        ("Faulty", {"do": "write", "bytes": 2_000_000}, LIMITS._replace(max_file_bytes=1_000_000), "file"),
        ("Watched", {"do": "take memory", "bytes": 200_000_000}, LIMITS, "memory"),
        ("Faulty", {"do": "abort"}, LIMITS, "memory"),  # glibc ends a process so that finds no memory
    ],
    ids=["time", "waiting", "trickling", "nested", "file", "memory", "abort"],
)
def test_end_of_the_child_says_its_reason(
    start: Start, task: str, request_: dict[str, Any], limits: CallLimits, reason: str
) -> None:
    process = start(task)
    pid = told(process)["pid"]
    with pytest.raises(ProcessEnded) as caught:
        process.call(request_, limits, b"")
    assert (caught.value.reason, caught.value.was_new) == (reason, False)
    assert told(process)["pid"] != pid


@pytest.mark.parametrize(
    ("request_", "reason", "detail"),
    [
        ({"do": "refuse"}, "because", "of this"),
        ({"do": "take memory", "bytes": 200_000_000}, "memory", ""),
        ({"do": "fail"}, "internal", "LookupError: our own fault"),
    ],
    ids=["refuse", "memory", "fail"],
)
def test_child_that_refuses_goes_on(start: Start, request_: dict[str, Any], reason: str, detail: str) -> None:
    process = start()
    pid = told(process)["pid"]
    with pytest.raises(Refused) as caught:
        process.call(request_, LIMITS, b"")
    assert (caught.value.reason, caught.value.detail.splitlines()[-1:]) == (reason, [detail] if detail else [])
    assert told(process)["pid"] == pid


def test_child_that_ends_by_a_fault_of_ours_is_internal(start: Start) -> None:
    with pytest.raises(Refused, match="ended with status 3"):
        start().call({"do": "end"}, LIMITS, b"")


def test_task_that_is_not_there_is_internal(start: Start) -> None:
    with pytest.raises(Refused, match=r"has no attribute .*Missing"):
        start("Missing").call({}, LIMITS, b"")


def test_limits_are_those_of_one_call(start: Start) -> None:
    process = start()
    for _ in range(2):
        _, result = process.call({"do": "write", "bytes": 1000}, LIMITS._replace(max_file_bytes=1000), b"")
        assert result is not None
        mapped_result(result).close()
    process.call({"do": "take memory", "bytes": 200_000_000}, LIMITS._replace(max_bytes=300_000_000), b"")


def test_limits_beyond_those_of_the_process_start_another(start: Start) -> None:
    process = start()
    pid = told(process)["pid"]
    much = 2_000_000_000
    process.call({"do": "take memory", "bytes": 1_000_000_000}, LIMITS._replace(max_bytes=much), b"")
    assert told(process)["pid"] != pid
    _, result = process.call({"do": "write", "bytes": 1000}, LIMITS._replace(max_file_bytes=much), b"")
    assert result is not None
    assert len(mapped_result(result)) == 1000


def test_pool_replaces_a_child_that_ended() -> None:
    pool = SandboxPool("tests.unit.sandbox.tasks:Faulty")
    with contextlib.closing(pool):
        pid = pool.call({"do": "tell"}, LIMITS, b"")[0]["pid"]
        assert pool.call({"do": "tell"}, LIMITS, b"")[0]["pid"] == pid
        with pytest.raises(ProcessEnded):
            pool.call({"do": "take time"}, LIMITS._replace(cpu_s=0.1), b"")
        assert pool.call({"do": "tell"}, LIMITS, b"")[0]["pid"] != pid


def test_pool_calls_again_after_a_crash_of_a_child_that_was_used() -> None:
    with contextlib.closing(SandboxPool("tests.unit.sandbox.tasks:Faulty")) as pool:
        pool.call({"do": "break"}, LIMITS, b"")
        assert pool.call({"do": "crash if broken"}, LIMITS, b"") == ({}, None)
        with pytest.raises(ProcessEnded) as caught:
            pool.call({"do": "crash"}, LIMITS, b"")
        assert (caught.value.reason, caught.value.was_new) == ("crash", True)
