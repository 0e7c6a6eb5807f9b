"""The ingress: the deployment that speaks HTTP and holds the pipeline."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from ray import serve

from deployments.pipeline import Pipeline
from serve.api import Service, build_api
from serve.settings import Settings

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

__all__ = ["Ingress"]


@serve.ingress()
class Ingress:
    """A replica of the ingress.

    Args:
        settings: The whole tree.
        preprocessor: Handle of the preprocessing stage.
        detector: Handle of the detection stage.
        recognizer: Handle of the recognition stage.
    """

    def __init__(
        self,
        settings: Settings,
        preprocessor: "DeploymentHandle[Any]",
        detector: "DeploymentHandle[Any]",
        recognizer: "DeploymentHandle[Any]",
    ) -> None:
        pipeline = Pipeline(preprocessor, detector, recognizer, settings.http.max_body_bytes)
        self._service = Service(settings, pipeline)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve, once, after the constructor."""
        return build_api(self._service)

    async def drain(self) -> None:
        """Refuse new requests, and return when those in work are answered. Called before the service is stopped."""
        await self._service.drain()
