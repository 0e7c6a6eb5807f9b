"""The one tree of settings: `RAYOCR_*` variables over a YAML file over defaults.

docs/reference/configuration.md is made from it.
"""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deployments.labels import LabelSelector
from deployments.settings import (
    DetectionSettings,
    PreprocessSettings,
    ReaderSettings,
    RecognitionSettings,
    StageSettings,
)
from deployments.storage.settings import StorageSettings
from models.settings import SettingsSection
from serve.config.jobs import JobsSettings

__all__ = ["INGRESS_CPUS", "HttpSettings", "LoggingSettings", "RaySettings", "Settings"]

#: Reserved for an ingress replica, which only waits and writes JSON: little, so that it crowds out no stage.
INGRESS_CPUS = 0.2


class HttpSettings(SettingsSection):
    """The HTTP API."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Anything but loopback opens the API, and with it every source it may read, "
        "to whoever reaches it.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    proxy: Literal["haproxy", "python"] = Field(
        default="haproxy",
        description="What takes the connections of `rayocr serve`: HAProxy, or Ray Serve's own proxy in Python, which "
        "costs several times the CPU. Where HAProxy does not run, the service does not start with it.",
    )
    replicas: int = Field(
        default=1,
        ge=1,
        description="Replicas of the ingress, which takes requests in and writes their answers. Two or more on several "
        "nodes: while one is replaced, the others answer.",
    )
    max_replicas_per_node: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="The most replicas of the ingress on one Ray node. 1 on a cluster: the end of a node then ends one "
        "of them only, and there have to be as many nodes as `replicas`. Not set: Serve may put all on one node.",
    )
    label_selector: LabelSelector = Field(
        default={},
        description="Labels that a Ray node must have to hold a replica of the ingress, such as `{pool: cpu}`; a value "
        "may also be `!gpu` or `in(a, b)`. Empty: any node.",
    )
    api_keys_directory: str | None = Field(
        default=None,
        description="Folder with one file for each client: its name is the client's, its content the client's key, of "
        "16 characters or more. A Secret of Kubernetes mounted as a volume is such a folder. Changes hold within "
        "seconds. Not set: no key is asked for.",
    )
    max_body_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="The most bytes of an uploaded or fetched document. Each request in work holds that many at most.",
    )
    max_pages: int = Field(
        default=1000,
        ge=1,
        description="The most pages of one document that a request or a job's page may ask for. A longer document is "
        "read in parts (`pages=1-1000`).",
    )
    pages_at_a_time: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Pages of one document in work together. More answers a large document sooner, and lets other "
        "requests wait longer.",
    )
    request_timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="Time for a request, queues included, that does not set its own (X-Request-Timeout).",
    )
    max_request_timeout_s: float = Field(
        default=600.0, gt=0, description="The most that a request may ask for with X-Request-Timeout, in seconds."
    )
    max_concurrent_requests: int = Field(
        default=64,
        ge=1,
        description="Requests that one ingress replica holds, waiting or in work. Beyond it: 503 with Retry-After. "
        "More hides bursts, and makes everyone wait longer.",
    )
    retry_after_s: float = Field(default=2.0, ge=0, description="What a 503 tells the client to wait.")


class RaySettings(SettingsSection):
    """The Ray that `rayocr serve` starts on this machine. A cluster has its own."""

    object_store_memory_bytes: int = Field(
        default=1024**3,
        ge=80 * 1024**2,
        description="Shared memory for documents and pages in work. A page of 50 megapixels takes 150 MB.",
    )
    metrics_port: int = Field(
        default=8001, ge=0, le=65535, description="Port of the Prometheus metrics, on loopback. 0 chooses a free one."
    )


class LoggingSettings(SettingsSection):
    """Logs: one JSON object a line, in a file for each replica."""

    level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    directory: str | None = Field(
        default=None, description="Folder of the log files. Not set: the folder of the Ray session."
    )


class Settings(BaseSettings):
    """Everything that can be set, frozen. Built once by `load_settings`, in the entry point, and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="RAYOCR_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    bundle: str = Field(
        default="ppocrv6-small", description="Name of the model bundle, or the path of a manifest (.yaml)."
    )
    colocated: bool | None = Field(
        default=None,
        description="true: each replica (`reader`) holds all three stages, and a page never leaves its process, which "
        "saves an eighth of a photograph's CPU time, and memory. false: each stage has replicas of its "
        "own, scaled on its own, such as detection on GPUs. Not set: true for `rayocr serve` where no net runs on a "
        "GPU and no setting of a stage's own replicas is given; false on a Ray cluster.",
    )
    http: HttpSettings = HttpSettings()
    ray: RaySettings = RaySettings()
    logging: LoggingSettings = LoggingSettings()
    storage: StorageSettings = StorageSettings()
    preprocess: PreprocessSettings = PreprocessSettings()
    detection: DetectionSettings = DetectionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    reader: ReaderSettings = ReaderSettings()
    jobs: JobsSettings = JobsSettings()

    def stages(self) -> dict[str, StageSettings]:
        """The sections of the three stages, by name."""
        return {"preprocess": self.preprocess, "detection": self.detection, "recognition": self.recognition}

    @property
    def reader_threads(self) -> int:
        """Threads that a replica of all stages works with: its stages take turns on the CPUs of the busiest."""
        return max(stage.threads for stage in self.stages().values())

    @property
    def reader_cpus(self) -> float:
        """CPUs that Ray reserves for one replica of all stages."""
        own = self.reader.num_cpus
        return self.reader_threads if own is None else own

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: `load_settings` reads file and variables itself, to know where each value came from."""
        return (init_settings,)
