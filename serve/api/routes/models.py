"""GET /v1/models lists the model bundles."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from deployments.pipeline.starting import BundleState
from models.errors import Overloaded
from models.manifests import list_manifests, load_manifest, missing_packages
from serve.api.service import Service, service_of
from serve.config.bundle import deployments_ending, served_bundles

__all__ = ["ModelList", "ModelResult", "ModelSource", "router"]

router = APIRouter(tags=["models"])
logger = logging.getLogger("ray.serve")


class ModelSource(BaseModel):
    """The origin of a bundle."""

    origin: str = Field(
        examples=["https://github.com/PaddlePaddle/PaddleOCR"], description="The project that made its nets."
    )
    files: dict[str, str] = Field(
        examples=[{"recognition": "package:rapidocr==3.10.0/models/PP-OCRv6_rec_small.onnx"}],
        description="Where this service takes each file from: a package, a file, S3 or the web.",
    )


class ModelResult(BaseModel):
    """One model bundle."""

    name: str = Field(examples=["ppocrv6-small"])
    description: str
    languages: list[str] = Field(
        examples=[["en", "zh-Hans"]],
        description="Languages that it reads, as BCP 47 tags. Empty: its manifest does not tell.",
    )
    license: str = Field(examples=["Apache-2.0"])
    source: ModelSource
    active: bool = Field(description="Whether this service reads with it.")
    served: bool = Field(description="Whether requests may choose it with `model`. The active one always is.")
    installed: bool = Field(description="Whether the packages that carry its nets are installed.")
    state: str | None = Field(
        examples=["healthy"],
        description="The worst state of its deployments, as `GET /v1/stages` tells them: `healthy` also if no replica "
        "is needed now. `null` if it is not served, or Ray Serve's controller does not answer.",
    )
    loaded: bool = Field(
        description="Whether a replica of each of its stages runs. The first request for one that is served, and not "
        "loaded, waits until it has started."
    )


class ModelList(BaseModel):
    """The bundles that this service knows."""

    models: list[ModelResult]


@router.get("/v1/models", summary="List the model bundles")
async def list_models(service: Annotated[Service, Depends(service_of)]) -> ModelList:
    """List the bundles that ship with rayocr and those that are served, with their state."""
    served = served_bundles(service.settings)
    shipped = (load_manifest(name, with_recipes=False) for name in list_manifests())
    bundles = {bundle.name: bundle for bundle in (*shipped, *served.values())}
    states = {name: await _state(service, name) for name in served}
    return ModelList(
        models=[
            ModelResult(
                name=bundle.name,
                description=bundle.description,
                languages=list(bundle.languages),
                license=bundle.license,
                source=ModelSource(
                    origin=bundle.origin, files={purpose: file.source for purpose, file in bundle.files().items()}
                ),
                active=bundle.name == next(iter(served)),
                served=bundle.name in served,
                installed=not missing_packages(bundle.files().values()),
                state=None if (state := states.get(bundle.name)) is None else state.state,
                loaded=state is not None and state.loaded,
            )
            for bundle in bundles.values()
        ]
    )


async def _state(service: Service, model: str) -> BundleState | None:
    try:
        return await service.stages.of_bundle(deployments_ending(service.settings, model))
    except Overloaded as error:  # while Ray's head is away, replicas go on reading, and clients ask what there is
        logger.warning("the state of model %s is not known: %s", model, error)
        return None
