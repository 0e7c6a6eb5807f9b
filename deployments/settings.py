"""Settings of the stages: the number of replicas, the resources of each, and how much may wait for it."""

import math
from typing import Literal

from pydantic import Field, model_validator

from deployments.labels import LabelSelector
from models.cpus import usable_cpu_count
from models.manifests.structure import StructureManifest, load_structure_manifest
from models.settings import (
    DEVICE_PATTERN,
    DetectionOptions,
    NetSettings,
    RecognitionOptions,
    SettingsSection,
)

__all__ = [
    "MAX_PIXELS_BOUND",
    "MOST_THREADS",
    "CpuScaling",
    "DetectionNet",
    "DetectionScaling",
    "DetectionSettings",
    "PreprocessLimits",
    "PreprocessSettings",
    "ReaderSettings",
    "RecognitionNet",
    "RecognitionSettings",
    "ReplicaSettings",
    "ScalingSettings",
    "StageSettings",
    "StructureNet",
    "StructureSettings",
]

# The most that `max_pixels` can be set to. In places (OpenCV), later stages index a page's array by 32-bit numbers; at
# 3 bytes a pixel, so many pixels still fit.
MAX_PIXELS_BOUND = 700_000_000
#: No replica was measured with more threads than these.
MOST_THREADS = 4
# Each thread of detection holds the maps of another page.
_DETECTION_THREADS = 2


class PreprocessLimits(SettingsSection):
    """Limits on the cost of a document, over which it is refused with `too_large`; lines over theirs are left out.

    The limits of pictures are checked by the header alone, those of a PDF while it is drawn.
    """

    max_pixels: int = Field(
        default=150_000_000,
        ge=1_000_000,
        le=MAX_PIXELS_BOUND,
        description=(
            "Most pixels of one page. A4 at 600 dpi has 34.8 million, A2 at 600 dpi 139 million. More lets larger "
            "scans in, but each page is held uncompressed (3 bytes a pixel) by every stage that works on it."
        ),
    )
    max_decode_bytes: int = Field(
        default=650_000_000,
        ge=50_000_000,
        le=16_000_000_000,
        description=(
            "Most memory, in bytes, that decoding one page may take, estimated from its header: 3 bytes a pixel for "
            "large JPEG, PNG and TIFF in RGB, 4 to 7 for most other pictures, 12 for WebP, more for animations and "
            "JPEG 2000. More reads larger pictures of the costly kinds; plan this much memory for each page that a "
            "replica decodes at once."
        ),
    )
    max_pdf_page_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description=(
            "Most seconds that opening a PDF, and drawing or reading one of its pages, may take. Longer reads heavier "
            "drawings; shorter frees a replica sooner from a page built to waste time."
        ),
    )
    max_pdf_bytes: int = Field(
        default=500_000_000,
        ge=100_000_000,
        le=8_000_000_000,
        description=(
            "Most memory, in bytes, of the process that opens and draws the pages of one PDF. More reads pages with "
            "larger pictures in them; plan this much beside `max_decode_bytes` for each preprocessing replica."
        ),
    )
    max_lines: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description=(
            "The most lines that are taken from a PDF page's text layer; the first are kept, with a warning. Not set: "
            "as many as `detection.options.max_lines` gives a page of that size if it is not set."
        ),
    )


class ScalingSettings(SettingsSection):
    """Settings by which Ray Serve scales one stage."""

    min_replicas: int = Field(default=1, ge=1, description="Replicas that are always there.")
    max_replicas: int = Field(
        default=1, ge=1, description="Replicas that a burst may add up to. Each holds its own nets."
    )
    target_ongoing_requests: float = Field(
        default=2.0,
        gt=0,
        description="Pages in work or waiting, for each replica, that scaling aims at. Lower answers faster, and costs "
        "more replicas.",
    )
    upscale_delay_s: float = Field(default=5.0, ge=0, description="How long load must last before replicas are added.")
    downscale_delay_s: float = Field(
        default=120.0, ge=0, description="How long load must be gone before replicas are taken away."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "ScalingSettings":
        if self.max_replicas < self.min_replicas:
            raise ValueError(f"max_replicas is {self.max_replicas}, less than min_replicas {self.min_replicas}")
        return self


class ReplicaSettings(SettingsSection):
    """Settings that every kind of replica has."""

    num_cpus: float | None = Field(
        default=None,
        ge=0,
        description="CPUs that Ray reserves for one replica. Not set: the threads of its net, or 1.",
    )
    num_gpus: float = Field(
        default=0.0,
        ge=0,
        description="GPUs, or the share of one, that Ray reserves for one replica, which then sees only those. "
        "With 0 a replica sees every GPU of its machine, and its device chooses one.",
    )
    label_selector: LabelSelector = Field(
        default={},
        description="Labels that a Ray node must have to hold one of these replicas, such as `{pool: gpu}`; a value "
        "may also be `!gpu` or `in(a, b)`. Empty: any node.",
    )
    max_ongoing_requests: int = Field(
        default=16,
        ge=1,
        description="Pages that one replica holds at a time. More fill batches better, and take memory. Further pages "
        "are refused and sent again until there is room, which costs 10 ms or more of CPU time a page.",
    )
    max_queued_requests: int = Field(
        default=256,
        ge=1,
        description="Pages that may wait for this stage at one ingress replica. Further pages get 503.",
    )
    graceful_shutdown_s: float = Field(
        default=30.0, ge=0, description="How long a replica that is taken away may take to finish its pages."
    )
    recycle_after_pages: int | None = Field(
        default=None,
        ge=1,
        description="Pages after which a replica is replaced, up to a quarter more at random. It finishes what it "
        "holds, and pages that come meanwhile wait: some seconds for the new one, if it is the only replica. Not set: "
        "never.",
    )
    recycle_above_bytes: int | None = Field(
        default=None,
        ge=1,
        description="Memory of its own at which a replica is replaced, as after `recycle_after_pages`. It should be "
        "well above the memory of a replica that has read a few pages, or replicas are replaced for ever. Not set: "
        "never.",
    )
    scaling: ScalingSettings = ScalingSettings()


class StageSettings(ReplicaSettings):
    """Settings that every stage has."""

    max_work_s: float = Field(
        default=20.0,
        gt=0,
        description="The longest time of a single step of work. A step that takes longer is taken for hung: its "
        "request fails and the replica is replaced.",
    )

    @property
    def threads(self) -> int:
        """The number of threads with which a replica works."""
        return 1

    @property
    def reserved_cpus(self) -> float:
        """The number of CPUs that Ray reserves for one replica."""
        return self.threads if self.num_cpus is None else self.num_cpus


class PreprocessSettings(StageSettings):
    """Settings of the stage that fetches and decodes documents."""

    limits: PreprocessLimits = PreprocessLimits()
    max_ongoing_requests: int = Field(
        default=16, ge=1, description="Documents fetched or decoded at a time by one replica. Fetching mostly waits."
    )


class DetectionScaling(ScalingSettings):
    """Scaling of detection, which takes little of a document's time but half of that of a photograph with few words."""

    max_replicas: int = Field(
        default_factory=lambda: math.ceil(usable_cpu_count() / MOST_THREADS),
        ge=1,
        description="Replicas that a burst may add up to. Each holds its own nets.",
        json_schema_extra={"default_text": f"a replica for each {MOST_THREADS} CPUs of this machine"},
    )


class DetectionNet(NetSettings):
    """Settings of detection's net. Photographs with few words are mostly detection: one thread would idle a CPU."""

    threads: int = Field(
        default_factory=lambda: min(usable_cpu_count(), _DETECTION_THREADS),
        ge=1,
        le=256,
        description="Runs of the net at a time in one replica, each on one CPU. Each has a copy of the net; one "
        "replica with two threads still needs less memory than two replicas.",
        json_schema_extra={"default_text": f"the CPUs of this machine, at most {_DETECTION_THREADS}"},
    )
    frequent_shapes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="The most sizes of pages, such as a camera's, for which a net is compiled at a time while they "
        "come often. Such a net runs an eighth faster and takes 50 to 100 MB for each thread. OpenVINO only.",
    )


class DetectionSettings(StageSettings):
    """Settings of the stage that finds text lines."""

    scaling: DetectionScaling = DetectionScaling()
    net: DetectionNet = DetectionNet()
    options: DetectionOptions = DetectionOptions()
    max_batch_pages: int | None = Field(
        default=None,
        ge=1,
        description="Pages of one size that share a run of the net. Not set: 8 on a GPU; 1 on a CPU, since batches "
        "only cost memory there.",
    )

    @property
    def threads(self) -> int:  # noqa: D102 - see StageSettings
        return self.net.threads


# Each section with other defaults has a class of its own, since a section that is set in part is made from its class.
class RecognitionNet(NetSettings):
    """Settings of recognition's net, which runs on CPUs unless it is told otherwise."""

    device: str = Field(
        default="cpu", pattern=DEVICE_PATTERN, description="auto, cpu, cuda or cuda:N, as for detection."
    )
    threads: int = Field(
        default_factory=lambda: min(usable_cpu_count(), MOST_THREADS),
        ge=1,
        le=256,
        description="Runs of the net at a time in one replica, as for detection. So many threads share the lines of a "
        "page.",
        json_schema_extra={"default_text": f"the CPUs of this machine, at most {MOST_THREADS}"},
    )


class CpuScaling(ScalingSettings):
    """Scaling to every CPU. Recognition takes most of a page's time, so it is the stage that scales by default."""

    max_replicas: int = Field(
        default_factory=lambda: math.ceil(usable_cpu_count() / MOST_THREADS),
        ge=1,
        description="Replicas that a burst may add up to. Each holds its own nets. Together they should have as many "
        "threads as there are CPUs.",
        json_schema_extra={"default_text": f"a replica for each {MOST_THREADS} CPUs of this machine"},
    )


class RecognitionSettings(StageSettings):
    """Settings of the stage that reads text lines."""

    net: RecognitionNet = RecognitionNet()
    options: RecognitionOptions = RecognitionOptions()
    scaling: CpuScaling = CpuScaling()
    max_batch_lines: int | None = Field(
        default=None,
        ge=1,
        description="Lines of one width, of any page, that share a run of the net, unless the net was prepared for "
        "another number (four short lines on a CPU). Not set: 64 on a GPU, 1 on a CPU. With more on a CPU, load may "
        "change the last digits of a line's confidence, or rarely a character.",
    )

    @property
    def threads(self) -> int:  # noqa: D102 - see StageSettings
        return self.net.threads


class StructureNet(NetSettings):
    """Settings of the nets of structure, which are small."""

    precision: Literal["auto", "f32", "bf16", "int8"] = Field(
        default="f32", description="As for detection; these nets have no recipe for int8."
    )


class StructureSettings(StageSettings):
    """Settings of the stage that finds what a page is made of: its regions, tables, fields, marks and codes."""

    enabled: bool | None = Field(
        default=None,
        description="Whether requests may ask for `structure`. With false, nothing of it is loaded. Not set: true if "
        "the stages share replicas, whose nets of structure are loaded when they are first needed; false if each stage "
        "has replicas of its own, since structure would then reserve CPUs that nobody may need.",
    )
    layout: str = Field(
        default="layout-cdla",
        description="The net that finds regions: a name, or the path of a manifest (.yaml) of `kind: layout`.",
    )
    net: StructureNet = StructureNet()

    def nets(self) -> dict[str, StructureManifest]:
        """Read the manifests of the nets, by their kinds.

        Raises:
            ConfigurationError: A manifest can't be read.
        """
        return {"layout": load_structure_manifest(self.layout)}

    @property
    def threads(self) -> int:  # noqa: D102 - see StageSettings
        return self.net.threads


class ReaderSettings(ReplicaSettings):
    """Settings of replicas that hold all stages, if these are colocated."""

    scaling: CpuScaling = CpuScaling()
    max_decoded_bytes: int = Field(
        default=64_000_000,
        ge=0,
        description="Bytes of decoded pages, 3 a pixel, up to which one replica may decode another page.",
    )
