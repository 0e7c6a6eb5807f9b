"""GET /livez and GET /readyz, for load balancers and Kubernetes, and GET /v1/stages, for people."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from serve.api.service import Service, service_of
from serve.health.stages import StageState

__all__ = ["router", "stages_router"]

router = APIRouter(tags=["health"])
stages_router = APIRouter(tags=["health"])


class StageList(BaseModel):
    """The deployments of this service."""

    stages: list[StageState]


@router.get("/livez", summary="Is this process alive?", response_class=PlainTextResponse)
async def live() -> str:
    """Answer as long as the ingress runs, whatever the stages do."""
    return "ok"


@router.get("/readyz", summary="Can the service read?", response_class=PlainTextResponse)
async def ready(service: Annotated[Service, Depends(service_of)]) -> str:
    """Answer 200 if each stage answered a real picture in the last seconds, else 503 with the reason.

    If the settings name buckets, they must be reachable too. If jobs have no room for files, the answer says so and is
    still 200: documents are read, and jobs can be deleted.
    """
    await service.check_ready()
    jobs = service.jobs
    shortage = None if jobs is None else await asyncio.to_thread(jobs.room.shortage)
    return "ok" if shortage is None else f"ok, but jobs take no files: {shortage}"


@stages_router.get("/v1/stages", summary="Show the replicas of each stage")
async def list_stages(service: Annotated[Service, Depends(service_of)]) -> StageList:
    """Show how many replicas each stage has, and in which state. `/readyz` tells whether they can read."""
    return StageList(stages=await service.stages.states())
