"""Waits for the first replica of a model bundle that has none, and tells of the wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ray.serve.exceptions import DeploymentUnavailableError

from deployments.context import PageCall
from models.errors import DeadlineExceeded, Overloaded
from models.page import PageQuads, PageText, PageWarning

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

__all__ = ["BundleStart", "BundleState", "Found"]

Found = TypeVar("Found", PageText, PageQuads)

# Replicas that answered a moment ago are not asked again.
_FRESH_S = 5.0
# A replica that runs answers at once, if it is not busy.
_POLL_S = 0.5
# The request's own time ends a little early here, where its message can tell that a bundle was being started.
_DEADLINE_MARGIN_S = 0.1
_RETRY_AFTER_S = 5.0
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class BundleState:
    """The replicas of one bundle, those of all its stages together.

    Args:
        state: The worst state of its deployments in Ray Serve, such as `healthy`, `upscaling` or `unhealthy`.
        loaded: Whether a replica of each deployment runs.
        message: What Ray Serve says about that state; often empty.
    """

    state: str
    loaded: bool
    message: str

    @property
    def has_failed(self) -> bool:
        """Whether Ray Serve has tried to start its replicas, and tells that they fail."""
        return not self.loaded and self.state in {"unhealthy", "deploy_failed"}


class BundleStart:
    """Lets pages wait for replicas of one bundle, which Ray Serve starts when it is called and none runs.

    Args:
        model: Name of the bundle.
        handles: Handles of its deployments.
        timeout_s: The longest wait of a page for the first replicas, in seconds.
        ask: Asks for the state of its replicas.
    """

    def __init__(
        self,
        model: str,
        handles: "Sequence[DeploymentHandle[Any]]",
        timeout_s: float,
        ask: Callable[[], Awaitable[BundleState]],
    ) -> None:
        self._model = model
        self._handles = handles
        self._timeout_s = timeout_s
        self._ask = ask
        self._answered_s = float("-inf")

    async def call(self, once: Callable[[], Awaitable[Found]], call: PageCall) -> Found:
        """Call the replicas when they run. What a page gives that had to wait for them carries a warning.

        Args:
            once: Calls them for the page.
            call: The page.

        Raises:
            Overloaded: The replicas fail to start, or did not start in time.
            DeadlineExceeded: The request's time ran out meanwhile.
        """
        try:
            waited_s = await self._wait(call)
        except DeploymentUnavailableError as error:  # Serve has given up, at once or while this page waited
            raise self._failed(await self._ask()) from error
        found: Found = await once()
        self._answered_s = time.monotonic()
        if not waited_s:
            return found
        message = f"model {self._model!r} had no replica, and was started for this page: {waited_s:.1f} s"
        return replace(found, warnings=(PageWarning("bundle_started", message, call.number), *found.warnings))

    async def _wait(self, call: PageCall) -> float:
        """Wait until replicas run, and return the seconds for which there were none; 0 if they run already."""
        began_s = time.monotonic()
        if began_s - self._answered_s < _FRESH_S:
            return 0.0
        # All deployments of the bundle are called at once, so that none waits for the start of another.
        answers = [handle.wake.remote() for handle in self._handles]
        woken = asyncio.gather(*answers)
        waited_s = 0.0
        try:
            while not (await asyncio.wait({woken}, timeout=_POLL_S))[0]:
                state = await self._state(call)
                if state.loaded:
                    return waited_s  # they are busy, and the page can wait among the others
                waited_s = time.monotonic() - began_s
                self._refuse(state, waited_s, call)
            woken.result()
        finally:
            woken.cancel()
            for answer in answers:
                answer.cancel()  # type: ignore[no-untyped-call]
        return waited_s and time.monotonic() - began_s

    async def _state(self, call: PageCall) -> BundleState:
        """Ask for the state, as long as the request has time: Serve's controller may be busy with the start."""
        try:
            left_s = max(call.context.remaining_s - _DEADLINE_MARGIN_S, _DEADLINE_MARGIN_S / 2)
            return await asyncio.wait_for(self._ask(), left_s)
        except TimeoutError as error:
            raise self._too_late(call) from error

    def _refuse(self, state: BundleState, waited_s: float, call: PageCall) -> None:
        if state.has_failed:
            raise self._failed(state)
        if call.context.remaining_s < _POLL_S + _DEADLINE_MARGIN_S:
            raise self._too_late(call, _said(state))
        if waited_s > self._timeout_s:
            raise Overloaded(
                f"model {self._model!r} was not started within {self._timeout_s:g} s (bundle_start_timeout_s)"
                f"{_said(state)}: try again later; bundles_min_replicas keeps replicas of it running",
                _RETRY_AFTER_S,
            )

    def _too_late(self, call: PageCall, said: str = "") -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the request's {call.context.timeout_s:g} s ran out while model {self._model!r} was being started{said}: "
            "try again in some seconds, or allow more time (X-Request-Timeout)"
        )

    def _failed(self, state: BundleState) -> Overloaded:
        return Overloaded(
            f"model {self._model!r} can't be started{_said(state)}: remove the cause; if Ray Serve makes no further "
            "attempt then, restart the service or deploy a change. Other models go on",
            _RETRY_AFTER_S,
        )


def _said(state: BundleState) -> str:
    """Put the last line of Ray Serve's message, which names the error after its trace, into brackets."""
    lines = state.message.strip().splitlines()
    return f" ({lines[-1][:_LONGEST_REASON]})" if lines else ""
