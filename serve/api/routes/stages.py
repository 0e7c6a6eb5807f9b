"""GET /v1/stages shows the replicas of each stage."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from serve.api.service import Service, service_of
from serve.health.stages import StageState

__all__ = ["router"]

router = APIRouter(tags=["health"])


class StageList(BaseModel):
    """The deployments of this service."""

    stages: list[StageState]


@router.get("/v1/stages", summary="Show the replicas of each stage")
async def list_stages(service: Annotated[Service, Depends(service_of)]) -> StageList:
    """Show how many replicas each stage has, and in which state. `/readyz` tells whether they can read."""
    return StageList(stages=await service.stages.states())
