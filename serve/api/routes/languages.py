"""GET /v1/languages lists the languages that can be read."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from models.languages import language_name, script_of_language
from serve.api.service import Service, service_of
from serve.config.languages import served_languages

__all__ = ["LanguageList", "LanguageResult", "router"]

router = APIRouter(tags=["models"])


class LanguageResult(BaseModel):
    """One language, or one way to write it."""

    tag: str = Field(examples=["ru"], description="BCP 47 tag, which `languages` takes; other names of it are too.")
    name: str = Field(examples=["Russian"], description="Its name in English.")
    script: str = Field(examples=["Cyrl"], description="ISO 15924 code; `Hani` for Chinese and Japanese.")
    models: dict[str, Literal["net", "tesseract"]] = Field(
        examples=[{"ppocrv6-small": "tesseract"}],
        description="What reads it in each model that is served: the model's own net, or Tesseract's trained data.",
    )


class LanguageList(BaseModel):
    """The languages that this service reads."""

    languages: list[LanguageResult]


@router.get("/v1/languages", summary="List the languages that can be read")
def list_languages(service: Annotated[Service, Depends(service_of)]) -> LanguageList:
    """List the languages that the option `languages` takes, in the order of their tags."""
    served = served_languages(service.settings)
    tags = sorted({tag for read in served.values() for tag in read})
    return LanguageList(
        languages=[
            LanguageResult.model_validate(
                {
                    "tag": tag,
                    "name": language_name(tag),
                    "script": script_of_language(tag),
                    "models": {name: read[tag] for name, read in served.items() if tag in read},
                }
            )
            for tag in tags
        ]
    )
