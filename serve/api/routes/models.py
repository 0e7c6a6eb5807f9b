"""GET /v1/models lists the model bundles."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from models.manifests import list_manifests, load_manifest, missing_packages
from serve.api.service import Service, service_of
from serve.config.bundle import served_bundles

__all__ = ["ModelList", "ModelResult", "router"]

router = APIRouter(tags=["models"])


class ModelResult(BaseModel):
    """One model bundle."""

    name: str = Field(examples=["ppocrv6-small"])
    description: str
    license: str = Field(examples=["Apache-2.0"])
    active: bool = Field(description="Whether this service reads with it.")
    served: bool = Field(description="Whether requests may choose it with `model`. The active one always is.")
    installed: bool = Field(description="Whether the packages that carry its nets are installed.")


class ModelList(BaseModel):
    """The bundles that this service knows."""

    models: list[ModelResult]


@router.get("/v1/models", summary="List the model bundles")
async def list_models(service: Annotated[Service, Depends(service_of)]) -> ModelList:
    """List the bundles that ship with rayocr, and the one in use."""
    served = served_bundles(service.settings)
    known = [load_manifest(name, with_recipes=False) for name in (*list_manifests(), *served.values())]
    bundles = {bundle.name: bundle for bundle in known}
    return ModelList(
        models=[
            ModelResult(
                name=bundle.name,
                description=bundle.description,
                license=bundle.license,
                active=bundle.name == next(iter(served)),
                served=bundle.name in served,
                installed=not missing_packages(bundle.files().values()),
            )
            for bundle in bundles.values()
        ]
    )
