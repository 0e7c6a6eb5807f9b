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
        "and bf16 need OpenVINO; docs/explanation/benchmarks.md says how few lines they change.",
    )
    threads: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Runs of the net at a time in one replica, each on one CPU and with its own copy of the net. One "
        "replica with two threads still needs less memory than two replicas.",
    )
    frequent_shapes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="The most sizes of pages or of long lines for which a net is compiled at a time while they come "
        "often, with 35 to 100 MB each. OpenVINO only.",
    )


class DetectionOptions(SettingsSection):
    """Thresholds of detection. Each can be given with a request; the manifest's value holds if it is not set."""

    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="A pixel of a higher probability is text. Lower finds fainter text, and more noise.",
    )
    box_threshold: float | None = Field(
        default=None, ge=0, le=1, description="A quad with a lower mean probability is dropped."
    )
    unclip_ratio: float | None = Field(
        default=None, gt=0, le=10, description="How far quads are grown. Too little cuts off letters, too much merges."
    )
    thorough: bool | None = Field(
        default=None,
        description="Search each page at its full size at once (longest side up to 2,000 pixels). Otherwise a page is "
        "searched at its full size only if a smaller size shows that its text is small. This finds more of the small "
        "text in scenes, and makes detection take up to three times as long.",
    )
    max_lines: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="The most lines of a page; the surest are kept, with a warning. It bounds the time and memory that "
        "one page of specks can take. Not set: 3,000 for a page of up to 20 megapixels, and in proportion for a larger "
        "one, such as 5,221 for A4 at 600 dpi.",
    )
    upright: bool | None = Field(
        default=None,
        description="Find out how a page is turned (by 90, 180 or 270 degrees), and turn it. Not set: done if the "
        "bundle has a classifier.",
    )


class RecognitionOptions(SettingsSection):
    """Settings of the recognized text that is returned."""

    min_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Lines of a lower confidence are left out, with a warning that counts them. 0 returns everything.",
    )
