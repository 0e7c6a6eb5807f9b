"""The manifest of a net that finds a part of a page's structure: a YAML file in the folder `structure`."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from models.errors import ConfigurationError
from models.manifests.manifest import NetManifest, Probability
from models.structure.result import RegionKind

__all__ = ["LayoutManifest", "StructureManifest", "load_structure_manifest"]

_FOLDER = Path(__file__).parent / "structure"


class LayoutManifest(NetManifest):
    """A detector of regions in the manner of PicoDet (arXiv:2111.00902).

    For each stride, it has an output of class probabilities (N, cells, classes), and one of distances from the middle
    of each cell to the four sides of its box, each as a distribution (N, cells, 4 * bins; arXiv:2006.04388).
    """

    kind: Literal["layout"]
    name: str
    description: str
    license: str
    origin: str
    height_px: int = Field(ge=32, le=4096, description="Every page is scaled to this height.")
    width_px: int = Field(ge=32, le=4096, description="Every page is scaled to this width.")
    classes: tuple[RegionKind | None, ...] = Field(
        min_length=1, description="The kind of region of each class, in its order; null for one that is not wanted."
    )
    strides_px: tuple[int, ...] = Field(
        min_length=1, description="The side of a cell of each grid, in pixels of the input, in the order of outputs."
    )
    threshold: Probability = Field(description="A region of a lower probability is not one.")


StructureManifest = LayoutManifest
"""The manifests of all kinds of nets, of which there is one."""


def load_structure_manifest(name: str) -> StructureManifest:
    """Read a net's manifest.

    Args:
        name: Name of a manifest that ships with rayocr, or the path of a YAML file (recognized by its ending).

    Raises:
        ConfigurationError: There is no such manifest, or the file is not a valid one.
    """
    is_path = name.endswith((".yaml", ".yml"))
    path = Path(name) if is_path else _FOLDER / f"{name}.yaml"
    try:
        return TypeAdapter(StructureManifest).validate_python(yaml.safe_load(path.read_bytes()), context=path.parent)
    except OSError as exc:
        known = ", ".join(sorted(one.stem for one in _FOLDER.glob("*.yaml")))
        hint = f"{exc.strerror}" if is_path else f"known are {known}; or give the path of a .yaml file"
        raise ConfigurationError(f"no manifest of a structure net {name!r}: {hint}") from exc
    except (ValidationError, yaml.YAMLError) as exc:
        raise ConfigurationError(f"manifest {path.name} is not valid: {exc}") from exc
