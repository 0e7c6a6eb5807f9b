"""The one tree of settings, from `RAYOCR_*` variables, a YAML file and defaults.

docs/reference/configuration.md is generated from it.
"""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deployments.labels import LabelSelector
from deployments.settings import (
    DetectionSettings,
    PreprocessSettings,
    ReaderSettings,
    RecognitionSettings,
    StageSettings,
    StructureSettings,
)
from deployments.storage.settings import StorageSettings
from models.settings import SettingsSection
from serve.config.jobs import JobsSettings

__all__ = ["INGRESS_CPUS", "HttpSettings", "LoggingSettings", "RaySettings", "Settings"]

#: CPUs reserved for an ingress replica. It only waits and writes JSON, and must not crowd out a stage.
INGRESS_CPUS = 0.2

_SHARE = 0.75


DoorName = Literal["legacy", "mcp", "azure", "kserve", "textract"]
"""The protocols of other services that this one speaks too."""


class HttpSettings(SettingsSection):
    """Settings of the HTTP API."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Any address but loopback opens the API, and every source that it may read, "
        "to anyone who reaches it.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    proxy: Literal["haproxy", "python"] = Field(
        default="haproxy",
        description="The proxy that takes the connections of `rayocr serve`: HAProxy, or Ray Serve's own in Python, "
        "which costs several times the CPU. With `haproxy` on a machine that can't run HAProxy, the service does not "
        "start.",
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
        description="The most replicas of the ingress on one Ray node. Set 1 on a cluster: the loss of a node then "
        "ends only one of them, and there must be as many nodes as `replicas`. Not set: Serve may put all on one node.",
    )
    label_selector: LabelSelector = Field(
        default={},
        description="Labels that a Ray node must have to hold a replica of the ingress, such as `{pool: cpu}`; a value "
        "may also be `!gpu` or `in(a, b)`. Empty: any node.",
    )
    api_keys_directory: str | None = Field(
        default=None,
        description="Folder with one file for each client, named for the client, with the client's key of 16 or more "
        "characters or its hash as its content, as `rayocr keys new` makes them; two lines while a key is changed. A "
        "Secret of Kubernetes mounted as a volume is such a folder. Changes take effect within seconds. Not set: no "
        "key is asked for.",
    )
    access_file: str | None = Field(
        default=None,
        description="YAML file of rights of single clients, by the names of their API keys, such as `keys: {CLIENT: "
        "{read: [s3://bucket/prefix/], max_pages: 100}}` (docs/how-to/security.md). What it leaves out follows the "
        "settings. Changes take effect within seconds. Not set: all clients have the same rights.",
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Whether `rayocr serve` may listen beyond loopback without API keys, so that whoever reaches it "
        "may use it. With `false`, it does not start there without `http.api_keys_directory`.",
    )
    allowed_hosts: list[str] | None = Field(
        default=None,
        description="Names, without ports, that the header Host may have, such as that of a proxy in front. Requests "
        "that pages of other origins send are refused too. Not set: `localhost`, `127.0.0.1` and `::1` for `rayocr "
        "serve` on a loopback address, so that no web page reaches the service through a browser; any elsewhere.",
    )
    cors_origins: list[Annotated[str, Field(pattern=r"^https?://[^/*\s]+$")]] = Field(
        default=[],
        description="Origins of web pages whose scripts may use the service (CORS), such as "
        "`[https://scans.example.com]`. Empty: no other page may.",
    )
    root_path: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Prefix of all paths, such as `/ocr`, for a proxy in front that passes on the paths below it. Ray "
        "Serve's own `/-/healthz` stays where it is.",
    )
    web_page: bool | None = Field(
        default=None,
        description="Whether `/` shows a web page to read documents with. Not set: for `rayocr serve` on a loopback "
        "address only.",
    )
    doors: list[DoorName] | None = Field(
        default=None,
        description="Protocols of other services that this one speaks too (docs/reference/doors.md); `[]` for none. "
        "Not set: all, but where API keys are asked for only those that take keys as the API does.",
    )
    max_body_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="The most bytes of an uploaded or fetched document. Each request in work holds at most that many.",
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
        description="Pages of one document in work together. More answers a large document sooner, and makes other "
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
        description="Requests that one ingress replica has in work, or that wait for their turn. Further requests get "
        "503 with Retry-After. More hides bursts, and makes everyone wait longer. Requests whose body still comes in, "
        "or whose answer is being sent, do not count; of those there may be 16 times as many, with at most so many "
        "times `max_body_bytes` together.",
    )
    max_concurrent_requests_per_client: int | None = Field(
        default=None,
        ge=1,
        description="The most of these that one client may have, by its API key. Further requests of it get 429. Not "
        "set: three quarters, so that no client shuts out the others. Without keys, there is no such limit.",
    )
    min_body_bytes_per_s: int = Field(
        default=2000,
        ge=0,
        description="The least bytes of a body that a client must send in each second, on average, once it has sent "
        "for ten seconds. A slower one gets 504. A client that takes its answer slower than that is cut off. 0: any, "
        "a body within the time for the request.",
    )
    retry_after_s: float = Field(default=2.0, ge=0, description="How long a 503 tells the client to wait.")

    @model_validator(mode="after")
    def _needs_keys(self) -> Self:
        if self.access_file is not None and self.api_keys_directory is None:
            raise ValueError(
                f"access_file is {self.access_file}, but without API keys no client is known: "
                "set http.api_keys_directory, or leave http.access_file out"
            )
        return self

    @property
    def client_share(self) -> int:
        """The most requests that one client may have in work at an ingress replica."""
        return self.max_concurrent_requests_per_client or math.ceil(self.max_concurrent_requests * _SHARE)


class RaySettings(SettingsSection):
    """Settings of the Ray that `rayocr serve` starts on this machine. A cluster has its own."""

    object_store_memory_bytes: int = Field(
        default=1024**3,
        ge=80 * 1024**2,
        description="Shared memory for documents and pages in work. A page of 50 megapixels takes 150 MB.",
    )
    metrics_port: int = Field(
        default=8001, ge=0, le=65535, description="Port of the Prometheus metrics, on loopback. 0 chooses a free one."
    )


class LoggingSettings(SettingsSection):
    """Settings of logs, which are one JSON object a line, in a file for each replica."""

    level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    directory: str | None = Field(
        default=None, description="Folder of the log files. Not set: the folder of the Ray session."
    )
    audit: str | None = Field(
        default=None,
        description="Folder of audit logs, or `-` for standard output: for each request, and each document of a job, a "
        "line of JSON tells who had what read, and never what it says (docs/reference/logs-and-metrics.md). Not set: "
        "none.",
    )


class Settings(BaseSettings):
    """All settings, frozen. The entry point builds them once, by `load_settings`, and passes them down."""

    model_config = SettingsConfigDict(
        env_prefix="RAYOCR_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    bundle: str = Field(
        default="ppocrv6-small",
        description="Name of the model bundle, or the path of a manifest (.yaml), which may be followed by "
        "`@sha256:` and the file's digest.",
    )
    bundles: list[str] = Field(
        default=[],
        description="Further model bundles, by name or path, that requests may choose with `model`. Each has replicas "
        "of its own, with the settings of the default one's but `bundles_min_replicas`.",
    )
    bundles_min_replicas: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Least replicas of each stage for each of `bundles`. With 0 a bundle takes no memory until a "
        "request chooses it, which then waits until a replica has started.",
    )
    bundle_start_timeout_s: float = Field(
        default=120.0,
        gt=0,
        description="The longest time that a request for one of `bundles` waits for a replica to start, if none runs. "
        "Then it gets 503. The request's own time, which is 60 s unless it sets another, may end before.",
    )
    colocated: bool | None = Field(
        default=None,
        description="true: each replica (`reader`) holds all stages, and a page never leaves its process, which "
        "saves an eighth of a photograph's CPU time, and memory. false: each stage has replicas of its own that scale "
        "by themselves, such as detection on GPUs. Not set: true for `rayocr serve` if no net runs on a GPU and no "
        "setting of a stage's own replicas is given; false on a Ray cluster.",
    )
    http: HttpSettings = HttpSettings()
    ray: RaySettings = RaySettings()
    logging: LoggingSettings = LoggingSettings()
    storage: StorageSettings = StorageSettings()
    preprocess: PreprocessSettings = PreprocessSettings()
    detection: DetectionSettings = DetectionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    structure: StructureSettings = StructureSettings()
    reader: ReaderSettings = ReaderSettings()
    jobs: JobsSettings = JobsSettings()

    def stages(self) -> dict[str, StageSettings]:
        """The sections of the stages, by name; structure is one of them unless it is switched off."""
        stages: dict[str, StageSettings] = {
            "preprocess": self.preprocess,
            "detection": self.detection,
            "recognition": self.recognition,
        }
        return stages if self.structure.enabled is False else {**stages, "structure": self.structure}

    @property
    def reader_threads(self) -> int:
        """The number of threads of a replica of all stages, which take turns on the CPUs of the busiest stage."""
        return max(stage.threads for stage in self.stages().values())

    @property
    def reader_cpus(self) -> float:
        """The number of CPUs that Ray reserves for one replica of all stages."""
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
        """Take only the arguments: `load_settings` reads file and variables itself, to know each value's source."""
        return (init_settings,)
