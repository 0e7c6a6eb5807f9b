"""Settings of the models, and the base class of every settings section."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "DEVICE_PATTERN",
    "DetectionOptions",
    "NetSettings",
    "RecognitionOptions",
    "SettingsSection",
]


DEVICE_PATTERN = r"^(auto|cpu|cuda(:\d+)?)$"


class SettingsSection(BaseModel):
    """A frozen group of settings in which an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class NetSettings(SettingsSection):
    """Where and how one net runs."""

    device: str = Field(
        default="auto",
        pattern=DEVICE_PATTERN,
        description="auto, cpu, cuda or cuda:N. auto takes a GPU when one is usable; cuda without one is an error.",
    )
    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="auto: OpenVINO for int8 and bf16, ONNX Runtime for f32 and on a GPU."
    )
    precision: Literal["auto", "f32", "bf16", "int8"] = Field(
        default="auto",
        description="auto: on an x86 CPU int8, where the bundle has a recipe for it, else bf16 where the CPU has it, "
        "else f32; on a GPU f32. int8 runs the large convolutions on 8-bit integers and the rest in bf16 or f32. int8 "
        "and bf16 need OpenVINO; docs/benchmarks.md says how few lines they change.",
    )
    threads: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Runs of the net at a time in one replica, each on one CPU. Each has a copy of the net; one "
        "replica with two threads still needs less memory than two replicas.",
    )
    frequent_shapes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Sizes of input that come often, of pages or of long lines, for which a net is compiled while they "
        "do. So many at a time, of 35 to 100 MB each. OpenVINO only.",
    )


class DetectionOptions(SettingsSection):
    """Thresholds of detection. Each can be given with a request; the manifest's value holds where it is not set."""

    threshold: float | None = Field(
        default=None, ge=0, le=1, description="A pixel above it is text. Lower finds fainter text, and more noise."
    )
    box_threshold: float | None = Field(
        default=None, ge=0, le=1, description="A quad with a lower mean probability is dropped."
    )
    unclip_ratio: float | None = Field(
        default=None, gt=0, le=10, description="How far quads are grown. Too little cuts off letters, too much merges."
    )
    thorough: bool | None = Field(
        default=None,
        description="Search each page at its full size at once (longest side up to 2,000 pixels). Otherwise that is "
        "done where a smaller size shows that text is small. It finds more of the small text in scenes, and costs up "
        "to three times the time of detection.",
    )
    max_lines: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="The most lines of a page; the surest are kept, with a warning. It bounds the time and memory that "
        "one page of specks can take. Not set: 3,000 for a page of up to 20 megapixels, and in proportion for larger "
        "ones: 5,221 for A4 at 600 dpi.",
    )
    upright: bool | None = Field(
        default=None,
        description="Find out how a page is turned (by 90, 180 or 270 degrees), and turn it. Not set: where the bundle "
        "has a classifier for it.",
    )


class RecognitionOptions(SettingsSection):
    """What of the recognized text is returned."""

    min_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Lines below it are left out, with a warning that counts them. 0 returns everything.",
    )
