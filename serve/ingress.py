"""The ingress: the deployment that speaks HTTP and holds the pipeline."""

from fastapi import FastAPI
from ray import serve

from deployments.pipeline import Pipeline
from deployments.routes import PageRoute
from serve.api import Service, build_api
from serve.settings import Settings

__all__ = ["Ingress"]


@serve.ingress()
class Ingress:
    """A replica of the ingress.

    Args:
        settings: The whole tree.
        route: To the replicas of the stages.
    """

    def __init__(self, settings: Settings, route: PageRoute) -> None:
        pipeline = Pipeline(route)
        self._service = Service(settings, pipeline)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve, once, after the constructor."""
        return build_api(self._service)

    async def drain(self) -> str:
        """Refuse new requests, and return when those in work are answered. Called before the service is stopped.

        Returns:
            Which replica that was.
        """
        await self._service.drain()
        return serve.get_replica_context().replica_id.unique_id
