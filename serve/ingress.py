"""The ingress: the deployment that speaks HTTP, holds the pipeline, and works on jobs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from ray import serve

from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import PageRoute, ReplicasOfBundles
from models.manifests import BundleManifest
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.bundle import deployments_ending, keep_bundles
from serve.config.settings import Settings
from serve.doors.registry import open_doors, running
from serve.health.stages import Stages
from serve.jobs.background.background import JobsBackground
from serve.jobs.runtime import JobsRuntime

__all__ = ["Ingress"]


@serve.ingress()
class Ingress:
    """A replica of the ingress.

    Args:
        settings: The whole tree.
        bundles: Manifests of the bundles that are served, by name.
        routes: The way through the replicas of each bundle, by its name; first that of the default bundle.
        pages_in_work: Pages of jobs that this replica has in work at a time; None if no jobs are taken.
    """

    def __init__(
        self,
        settings: Settings,
        bundles: Mapping[str, BundleManifest],
        routes: Mapping[str, PageRoute],
        pages_in_work: int | None = None,
    ) -> None:
        keep_bundles(settings, bundles)
        self._jobs = JobsRuntime(settings) if pages_in_work is not None else None
        stages = Stages()
        route = ReplicasOfBundles(
            routes,
            settings.bundle_start_timeout_s,
            lambda model: stages.of_bundle(deployments_ending(settings, model)),
        )
        self._service = Service(settings, Pipeline(route), self._jobs, stages)
        self._doors = open_doors(settings.http)
        self._background: JobsBackground | None = None
        if self._jobs is not None and pages_in_work is not None:
            pipeline, answered = self._service.pipeline, self._service.readiness.answered
            self._background = JobsBackground(self._jobs, pipeline, pages_in_work, answered)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Build the HTTP application. Serve calls this once, after the constructor."""
        api = build_api(self._service, self._doors)
        api.router.lifespan_context = self._lifespan
        return api

    async def drain(self) -> str:
        """Refuse new requests, and return when those in work are answered. It is called before the service stops.

        Returns:
            Id of this replica.
        """
        if self._background is not None:
            await self._background.stop()
        await self._service.drain()
        return serve.get_replica_context().replica_id.unique_id

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[None]:
        """Work on jobs from Serve's start of this replica to its end, when the last request is answered."""
        async with running(self._doors):
            if self._background is None or self._jobs is None:
                yield
                return
            self._background.start()
            try:
                yield
            finally:
                await self._background.stop()
                self._jobs.close()
