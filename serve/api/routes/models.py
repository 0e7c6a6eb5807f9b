"""GET /v1/models lists the model bundles."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from models.manifests import list_manifests, load_manifest
from serve.api.service import Service, service_of

__all__ = ["ModelList", "ModelResult", "router"]

router = APIRouter(tags=["models"])


class ModelResult(BaseModel):
    """One model bundle."""

    name: str = Field(examples=["ppocrv6-small"])
    description: str
    license: str = Field(examples=["Apache-2.0"])
    active: bool = Field(description="Whether this service reads with it.")


class ModelList(BaseModel):
    """The bundles that this service knows."""

    models: list[ModelResult]


@router.get("/v1/models", summary="List the model bundles")
async def list_models(service: Annotated[Service, Depends(service_of)]) -> ModelList:
    """List the bundles that ship with rayocr, and the one in use."""
    active = load_manifest(service.settings.bundle)
    shipped = [load_manifest(name) for name in list_manifests()]
    bundles = {bundle.name: bundle for bundle in [*shipped, active]}
    return ModelList(
        models=[
            ModelResult(
                name=bundle.name,
                description=bundle.description,
                license=bundle.license,
                active=bundle.name == active.name,
            )
            for bundle in bundles.values()
        ]
    )
