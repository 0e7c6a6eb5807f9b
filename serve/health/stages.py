"""Tells how many replicas the deployments of this service have, and in which state.

A bundle has a deployment `Reader`, or `Detector` and `Recognizer`; for the names of those of further bundles, see
`serve.config.bundle.deployments_ending`.
"""

import asyncio
import time

from pydantic import BaseModel, Field
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from deployments.pipeline.starting import BundleState
from models.errors import Overloaded

__all__ = ["StageState", "Stages"]

_TIMEOUT_S = 5.0
# The deployments that hold a bundle's nets, and the states that one may be in, the worst first.
_HOLDERS = ("Reader", "Detector", "Recognizer")
_STATES = ("deploy_failed", "unhealthy", "updating", "upscaling", "downscaling", "healthy")
# However many ask, Serve's controller has other things to do.
_FRESH_S = 2.0


class StageState(BaseModel):
    """The replicas of one deployment."""

    name: str = Field(
        examples=["Reader"],
        description="Ingress takes requests. Reader has all stages in each replica; without it, Preprocessor, "
        "Detector, Recognizer and, if it is switched on, Structurer have replicas of their own.",
    )
    state: str = Field(examples=["healthy"], description="Its state in Ray Serve, such as `updating` or `unhealthy`.")
    replicas: dict[str, int] = Field(examples=[{"running": 2}], description="The number of replicas in each state.")
    message: str = Field(description="What Ray Serve says about that state; often empty.")


class Stages:
    """Asks Serve's controller for the deployments of this application, and remembers the answer for a moment."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._known: list[StageState] = []
        self._asked_s = float("-inf")

    async def states(self) -> list[StageState]:
        """The deployments and their replicas, in the order of their names.

        Raises:
            Overloaded: The controller does not answer.
        """
        async with self._asking:
            if time.monotonic() - self._asked_s > _FRESH_S:
                try:
                    self._known = await asyncio.wait_for(asyncio.to_thread(_ask), _TIMEOUT_S)
                except (TimeoutError, RayError, RayServeException) as error:
                    reason = str(error) or f"no answer within {_TIMEOUT_S:g} s"
                    raise Overloaded(f"Ray Serve's controller does not tell of the stages: {reason}") from error
                self._asked_s = time.monotonic()
            return self._known

    async def of_bundle(self, ending: str) -> BundleState:
        """The state of a bundle's replicas.

        Args:
            ending: The ending of the names of its deployments (`deployments_ending`).

        Raises:
            Overloaded: The controller does not answer.
        """
        names = {f"{kind}{ending}" for kind in _HOLDERS}
        stages = [stage for stage in await self.states() if stage.name in names]
        if not stages:
            return BundleState("updating", loaded=False, message="its deployments are being replaced")
        worst = min(stages, key=lambda stage: _STATES.index(stage.state))
        return BundleState(
            worst.state, loaded=all(stage.replicas.get("running") for stage in stages), message=worst.message
        )


def _ask() -> list[StageState]:
    name = serve.get_replica_context().app_name
    application = serve.status().applications[name]
    return [
        StageState(
            name=name,
            state=deployment.status.value.lower(),
            replicas={state.lower(): count for state, count in deployment.replica_states.items() if count},
            message=deployment.message,
        )
        for name, deployment in sorted(application.deployments.items())
    ]
