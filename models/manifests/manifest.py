"""The manifest of a model bundle: a YAML file that names its nets, their inputs and how to read their outputs."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError, ValidationInfo, field_validator, model_validator

from models.errors import ConfigurationError
from models.settings import SettingsSection

__all__ = [
    "BundleManifest",
    "Charset",
    "Chunks",
    "DetectionManifest",
    "DirectionManifest",
    "Int8Recipe",
    "ModelFile",
    "NetInput",
    "NetManifest",
    "OtherLanguagesManifest",
    "RecognitionManifest",
    "SureBlanks",
    "list_manifests",
    "load_manifest",
    "recipe_path",
]

_FOLDER = Path(__file__).parent
_RECIPES = ("int8", "int8_documents")

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0, le=1)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
PositiveFloat = Annotated[float, Field(gt=0)]


class ModelFile(SettingsSection):
    """The source of one file of a bundle, and the hash of its content."""

    source: Annotated[str, StringConstraints(pattern=r"^(package|file|s3|https):.+")] = Field(
        description="`package:NAME==VERSION/PATH` (a file of an installed distribution, PATH below its import folder), "
        "`file:PATH` (from the manifest's folder), `s3://BUCKET/KEY` or `https://...`."
    )
    sha256: Sha256 = Field(description="SHA-256 of the file, checked before it is opened.")

    @field_validator("source")
    @classmethod
    def _beside_the_manifest(cls, value: str, info: ValidationInfo) -> str:
        scheme, _, path = value.partition(":")
        if scheme != "file" or not isinstance(info.context, Path):
            return value
        return f"file:{info.context.resolve() / path.removeprefix('//')}"


class NetInput(SettingsSection):
    """The normalization that makes pixels a net's input: (pixel / 255 - mean) / std a channel, NCHW float32."""

    channels: Literal["rgb", "bgr", "gray"] = Field(
        description="Order of the channels that the net was trained with. gray: one channel, 0.299 R + 0.587 G + "
        "0.114 B."
    )
    mean: tuple[float, ...] = Field(description="Subtracted from each channel in [0, 1], in the net's order.")
    std: tuple[PositiveFloat, ...] = Field(description="Each channel is divided by this after the mean, same order.")

    @property
    def planes(self) -> int:
        """The number of channels that the net takes."""
        return 1 if self.channels == "gray" else 3

    @field_validator("mean", "std")
    @classmethod
    def _one_value_a_channel(cls, values: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        channels = info.data.get("channels", "rgb")
        planes = 1 if channels == "gray" else 3
        if len(values) != planes:
            raise ValueError(f"channels {channels} need {planes} values, one a channel")
        return values


class SureBlanks(SettingsSection):
    """Tells which time steps of a recognizer are blank for sure, so that they need no classifier.

    A step is one if the sum of its features, each times its weight, and the bias is above zero
    (docs/decisions/0065-columns-and-classes.md).
    """

    number: int = Field(ge=0, description="The class of the blank.")
    bias: float
    weights: tuple[float, ...] = Field(description="One for each feature that the classifier takes.")


class Int8Recipe(SettingsSection):
    """The convolutions of a net that run on 8-bit integers. `python -m tools.int8` makes it."""

    sha256: Sha256 = Field(description="SHA-256 of the ONNX file that the recipe was made for.")
    activations: dict[str, tuple[float, float]] = Field(
        description="Each convolution by its node's name, with the least and greatest value of its input."
    )
    sure_blanks: SureBlanks | None = Field(default=None, description="Not given: every time step is classified.")


class NetManifest(SettingsSection):
    """The fields that the description of every net has."""

    file: ModelFile
    input: NetInput
    int8: Int8Recipe | None = Field(
        default=None, description="The net's int8 recipe: name of a YAML file in the folder int8 beside the manifest."
    )

    @property
    def activation(self) -> Literal["sigmoid", "softmax"] | None:
        """The function that makes probabilities of the net's output; None if the net has it inside."""
        return None

    @field_validator(*_RECIPES, mode="before", check_fields=False)
    @classmethod
    def _read_recipe(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        path = Path(info.context or _FOLDER) / "int8" / value
        try:
            return yaml.safe_load(path.read_bytes()) or {}  # an empty file is a broken recipe, not none
        except OSError as exc:
            raise ValueError(
                f"no int8 recipe {value!r} in the folder int8 beside the manifest: {exc.strerror}"
            ) from exc

    @model_validator(mode="after")
    def _recipe_fits(self) -> "NetManifest":
        recipes = (value for _, value in self if isinstance(value, Int8Recipe))
        if any(recipe.sha256 != self.file.sha256 for recipe in recipes):
            raise ValueError("the int8 recipe was made for another file: make it anew with `python -m tools.int8`")
        return self


class DetectionManifest(NetManifest):
    """A text detector whose output is a probability map of the input's size (DB, arXiv:1911.08947)."""

    algorithm: Literal["db"]
    size_multiple_px: int = Field(ge=1, le=128, description="Both sides of the input are multiples of this.")
    shortest_side_px: int = Field(ge=32, description="A page whose shortest side is less is enlarged to it.")
    longest_side_px: int = Field(ge=64, description="A page whose longest side is more is scaled down to it.")
    first_side_px: int = Field(
        ge=64,
        description="Longest side of a document's first detection pass. Less is faster; if it shows small lines, the "
        "page goes through detection again at its full size.",
    )
    small_line_px: float = Field(
        gt=0,
        description="Height of a quad in the input, as grown by unclip_ratio, under which lines are easily missed.",
    )
    threshold: Probability = Field(description="A pixel of a higher probability is text.")
    box_threshold: Probability = Field(description="A quad of a lower mean probability is dropped.")
    unclip_ratio: float = Field(
        gt=0, le=10, description="How far a quad is grown: distance = area * ratio / perimeter."
    )
    lone_character_px: float = Field(
        default=0,
        ge=0,
        description="A region of fewer pixels of the map is judged by the mean over its own pixels, not over its "
        "rectangle. It finds more lone characters, and in scenes more noise.",
    )
    sigmoid: Literal["inside", "outside"] = Field(
        default="inside", description="outside: the net gives logits, of which rayocr makes probabilities."
    )
    least_side_px: float = Field(
        default=3, ge=1, le=32, description="A region of the map that is thinner, or a quad of the page, is noise."
    )
    dilation_px: int = Field(
        default=2,
        ge=1,
        le=9,
        description="Regions of text pixels are grown by a square of this side, which mends lines that the threshold "
        "broke. 1 leaves them as they are.",
    )

    @property
    def activation(self) -> Literal["sigmoid"] | None:  # noqa: D102 - see NetManifest
        return "sigmoid" if self.sigmoid == "outside" else None


class Charset(SettingsSection):
    """The characters that a CTC net tells apart, in the order of its classes."""

    metadata_key: str | None = Field(
        default=None, description="Key of the ONNX metadata that holds one character a line."
    )
    file: ModelFile | None = Field(
        default=None,
        description="A text file with one character a line, in place of the metadata. An empty line is a class without "
        "a text.",
    )
    blank: Literal["first", "last"] = Field(description="Where the CTC blank stands among the classes.")
    append_space: bool = Field(description="Whether a space follows the last character of the list.")

    @model_validator(mode="after")
    def _one_source(self) -> "Charset":
        if (self.metadata_key is None) == (self.file is None):
            raise ValueError("a charset has either metadata_key or file")
        return self


class Chunks(SettingsSection):
    """The parts in which a recognizer takes a line: (N * count, C, H, width_px), the parts of a line in a row."""

    count: int = Field(ge=2, le=64, description="Parts of a line.")
    width_px: int = Field(ge=8, le=4096, description="Columns of each part.")
    overlap_px: int = Field(ge=0, description="Columns that a part shares with the next.")

    @model_validator(mode="after")
    def _part_is_wider_than_its_overlap(self) -> "Chunks":
        if self.overlap_px >= self.width_px:
            raise ValueError(f"chunks of {self.width_px} columns can't overlap by {self.overlap_px}")
        return self

    @property
    def line_px(self) -> int:
        """Columns of a whole line."""
        return self.count * (self.width_px - self.overlap_px) + self.overlap_px


class RecognitionManifest(NetManifest):
    """A line recognizer whose output is (N, T, classes) probabilities for CTC decoding."""

    algorithm: Literal["ctc"]
    height_px: int = Field(ge=8, le=256, description="Every line is scaled to this height.")
    width_multiple_px: int = Field(ge=1, le=64, description="Widths of the input are multiples of this.")
    width_px: int | None = Field(
        default=None,
        ge=8,
        le=4096,
        description="Width of each input, if the net has a fixed one. Shorter lines are padded to it.",
    )
    padding: int = Field(default=127, ge=0, le=255, description="Gray value behind a line that is shorter.")
    chunks: Chunks | None = Field(
        default=None, description="The parts that the net takes a line of width_px in. Not given: it takes whole lines."
    )
    softmax: Literal["inside", "outside"] = Field(
        default="inside", description="outside: the net gives logits, of which rayocr makes probabilities."
    )
    charset: Charset
    int8_documents: Int8Recipe | None = Field(
        default=None,
        description="A recipe for the lines of documents, in which more convolutions stand 8-bit integers than in "
        "scenes; given as `int8` is. Not given: `int8`.",
    )

    @property
    def activation(self) -> Literal["softmax"] | None:  # noqa: D102 - see NetManifest
        return "softmax" if self.softmax == "outside" else None

    @model_validator(mode="after")
    def _chunks_make_a_line(self) -> "RecognitionManifest":
        if self.chunks is not None and self.chunks.line_px != self.width_px:
            raise ValueError(f"the chunks make lines of {self.chunks.line_px} columns, but width_px is {self.width_px}")
        return self

    def for_documents(self) -> "RecognitionManifest":
        """The same net with the recipe for documents."""
        return self.model_copy(update={"int8": self.int8_documents or self.int8})


class DirectionManifest(NetManifest):
    """A classifier whose output is (N, 2): the probabilities that a line is the right way up, and upside down."""

    algorithm: Literal["upside_down"]
    height_px: int = Field(ge=8, le=256, description="Every line is scaled to this height.")
    width_px: int = Field(ge=8, le=4096, description="Width of the input; a shorter line is padded.")


class OtherLanguagesManifest(SettingsSection):
    """A recognizer of lines in languages that the bundle's own does not know: Tesseract's LSTM nets."""

    algorithm: Literal["tesseract_lstm"]
    files: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]+$")], ModelFile] = Field(
        default={},
        description="Trained data by its name, such as `rus`. It goes before what is installed on the machine.",
    )


class BundleManifest(SettingsSection):
    """A detector and a recognizer that work together, and a classifier that tells them which way up a page is."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    description: str
    license: str
    origin: str
    languages: tuple[LanguageTag, ...] = Field(
        default=(), description="Languages that it reads, as BCP 47 tags such as `de` or `zh-Hans`. Empty: not known."
    )
    detection: DetectionManifest
    detection_documents: DetectionManifest | None = Field(
        default=None,
        description="Another detector, for documents: pages that are printed or written on a bright ground. Not given: "
        "`detection` serves them too.",
    )
    recognition: RecognitionManifest
    other_languages: OtherLanguagesManifest | None = Field(
        default=None, description="Not given: `recognition` reads all that is asked for."
    )
    direction: DirectionManifest | None = Field(
        default=None, description="Not given: pages and lines are taken to be the right way up."
    )

    def files(self) -> dict[str, ModelFile]:
        """Every file of the bundle, by its purpose."""
        files: dict[str, ModelFile] = {}
        for name, net in self.nets().items():
            files[name] = net.file
            if isinstance(net, RecognitionManifest) and net.charset.file is not None:
                files["charset"] = net.charset.file
        if self.other_languages is not None:
            files |= {f"trained data {name}": file for name, file in self.other_languages.files.items()}
        return files

    def nets(self) -> dict[str, NetManifest]:
        """The description of each net, by its purpose."""
        nets = {
            "detection": self.detection,
            "detection_documents": self.detection_documents,
            "recognition": self.recognition,
            "direction": self.direction,
        }
        return {name: net for name, net in nets.items() if net is not None}

    def detectors(self) -> list[DetectionManifest]:
        """The description of each detector."""
        return [self.detection, *filter(None, [self.detection_documents])]


def list_manifests() -> list[str]:
    """Names of the bundles that rayocr ships with, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_manifest(name: str, *, with_recipes: bool = True) -> BundleManifest:
    """Read a bundle's manifest.

    Args:
        name: Name of a bundle that ships with rayocr, or the path of a YAML file (recognized by its ending). With
            `@sha256:` and a digest at its end, the file must have that SHA-256: settings that name another version of
            it differ, so that Ray Serve replaces the replicas.
        with_recipes: Whether to read its int8 recipes. The program that makes them does not.

    Raises:
        ConfigurationError: There is no such bundle, or the file is not a valid manifest, or is another version.
    """
    name, _, sha256 = name.partition("@sha256:")
    is_path = name.endswith((".yaml", ".yml"))
    path = Path(name) if is_path else _FOLDER / f"{name}.yaml"
    try:
        text = path.read_bytes()
    except OSError as exc:
        known = ", ".join(list_manifests())
        hint = f"{exc.strerror}" if is_path else f"known bundles: {known}; or give the path of a .yaml file"
        raise ConfigurationError(f"no model bundle {name!r}: {hint}") from exc
    if sha256 and (found := hashlib.sha256(text).hexdigest()) != sha256:
        raise ConfigurationError(
            f"manifest {path.name} has SHA-256 {found}, the settings say {sha256}: it is another version; name the one "
            "that is meant"
        )
    try:
        tree = yaml.safe_load(text)
        if not with_recipes and isinstance(tree, dict):
            for net in filter(lambda part: isinstance(part, dict), tree.values()):
                for recipe in _RECIPES:
                    net.pop(recipe, None)
        return BundleManifest.model_validate(tree, context=path.parent)
    except (ValidationError, yaml.YAMLError) as exc:
        raise ConfigurationError(f"manifest {path.name} is not valid: {exc}") from exc


def recipe_path(bundle: str, net: str) -> Path:
    """The path of an int8 recipe of a bundle that ships with rayocr.

    Args:
        bundle: Name of the bundle.
        net: `detection`, `recognition` or `recognition-documents`.
    """
    return _FOLDER / "int8" / f"{bundle}-{net}.yaml"
