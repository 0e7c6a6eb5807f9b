"""Pages of a bundle that has no replica wait for the first. Real replicas that start: tests/integration/replicas."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.serve._private.common import DeploymentID
from ray.serve.exceptions import DeploymentUnavailableError

from deployments.context import PageCall, RequestContext
from deployments.pipeline import starting
from deployments.pipeline.starting import BundleStart, BundleState
from models.errors import DeadlineExceeded, Overloaded
from models.page import PageText

UPSCALING = BundleState("upscaling", loaded=False, message="Upscaling from 0 to 1 replicas.")
TRACE = (
    'A replica failed to start with exception. Error:\n  File "sources.py"\nConfigurationError: net.onnx is damaged\n'
)
PAGE = PageText(number=3, width=1, height=1, rotation=0, lines=(), warnings=(), timings_ms={}, page_count=5, dpi=None)


class Replicas:
    """Replicas that answer when `starts` is done, and what Serve tells of them."""

    def __init__(self, *states: BundleState, starts: bool = False) -> None:
        self.states = list(states)
        self.calls = 0
        self.running = asyncio.Event()
        if starts:
            self.running.set()
        self.start = BundleStart("tiny", [cast(Any, self)], 30.0, self._ask)

    @property
    def wake(self) -> SimpleNamespace:
        """The method of a handle."""
        return SimpleNamespace(remote=self._remote)

    def _remote(self) -> "asyncio.Task[bool]":
        self.calls += 1
        return asyncio.create_task(self.running.wait())

    async def _ask(self) -> BundleState:
        state = self.states.pop(0)
        if not self.states:
            self.running.set()
        return state


@pytest.fixture(autouse=True)
def _polls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_POLL_S", 0.001)


async def read(replicas: Replicas, timeout_s: float = 30.0) -> PageText:
    async def once() -> PageText:
        return PAGE

    return await replicas.start.call(once, PageCall(3, RequestContext.starting_now("id", timeout_s)))


async def test_replicas_that_run_are_woken_once_and_no_warning_tells_of_it() -> None:
    replicas = Replicas(starts=True)
    assert await read(replicas) == PAGE
    assert await read(replicas) == PAGE
    assert replicas.calls == 1


async def test_replicas_that_are_busy_are_waited_for_by_the_page_itself() -> None:
    busy = BundleState("healthy", loaded=True, message="")
    assert await read(Replicas(busy, busy)) == PAGE


async def test_page_that_waited_for_the_start_has_a_warning() -> None:
    (warning,) = (await read(Replicas(UPSCALING, UPSCALING))).warnings
    assert (warning.code, warning.page) == ("bundle_started", 3)
    assert warning.message == "model 'tiny' had no replica, and was started for this page: 0.0 s"


async def test_replicas_that_fail_to_start_are_an_error_with_their_reason() -> None:
    for state in ("unhealthy", "deploy_failed"):
        replicas = Replicas(UPSCALING, BundleState(state, loaded=False, message=TRACE), UPSCALING)
        with pytest.raises(
            Overloaded, match=r"^model 'tiny' can't be started \(ConfigurationError: net.onnx is damaged\): "
        ):
            await read(replicas)


@pytest.mark.parametrize("at_once", [True, False])
async def test_serve_that_refuses_the_call_is_the_same_error(*, at_once: bool) -> None:
    replicas = Replicas(BundleState("unhealthy", loaded=False, message=TRACE))
    replicas._remote = _unavailable if at_once else lambda: asyncio.create_task(_unavailable_soon())  # type: ignore[method-assign]
    with pytest.raises(Overloaded, match=r"can't be started \(ConfigurationError: net.onnx is damaged\)"):
        await read(replicas)


async def test_start_that_takes_too_long_is_an_error_that_names_the_setting() -> None:
    replicas = Replicas(UPSCALING, UPSCALING)
    replicas.start._timeout_s = 0.0
    with pytest.raises(Overloaded, match=r"was not started within 0 s \(bundle_start_timeout_s\) \(Upscaling from 0 "):
        await read(replicas)


async def test_time_of_the_request_goes_before_and_tells_of_the_start() -> None:
    with pytest.raises(DeadlineExceeded, match=r"^the request's 0.1 s ran out while model 'tiny' was being started \("):
        await read(Replicas(UPSCALING, UPSCALING), timeout_s=0.1)


async def _unavailable_soon() -> bool:
    return await _unavailable()


def _unavailable() -> "asyncio.Task[bool]":
    raise DeploymentUnavailableError(DeploymentID("Reader-tiny", "rayocr"))
