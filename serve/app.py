"""The application builder, which `serve deploy`, a RayService and `rayocr serve` run.

import_path: serve.app:build_app
args: {recognition: {scaling: {max_replicas: 8}}}
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ray import serve
from ray.serve import Application, Deployment
from ray.serve.config import AutoscalingConfig, BackpressureConfig
from ray.serve.handle import DeploymentHandle

from deployments.pipeline.routes import ColocatedReplicas, PageRoute, SeparateReplicas
from deployments.settings import ReplicaSettings, ScalingSettings
from deployments.stages.reader import Reader, Stages
from models.manifests import BundleManifest
from serve.api.service import OPEN_PER_PLACE
from serve.config.bundle import deployments_ending, read_bundles, served_bundles
from serve.config.colocation import is_colocated, reader_setup, with_structure
from serve.config.loading import load_settings
from serve.config.rights import with_default_rights
from serve.config.settings import INGRESS_CPUS, Settings
from serve.ingress import Ingress
from serve.jobs.placement import takes_jobs

__all__ = ["build_app", "build_application", "pages_in_work"]

_HEALTH_PERIOD_S = 5.0
_HEALTH_TIMEOUT_S = 10.0
# Serve adds replicas when each has more than the target in work. So many times the target shows it a queue.
_ABOVE_TARGET = 1.5


def build_app(args: Mapping[str, object]) -> Application:
    """Build the application for Ray Serve.

    Args:
        args: The tree of settings, or a part of it. It takes precedence over the environment and the settings file.

    Raises:
        ConfigurationError: A setting is unknown or out of range.
    """
    settings = with_default_rights(load_settings(overrides=dict(args)).settings, on_loopback=False)
    colocated = is_colocated(settings, otherwise=False)
    return build_application(
        settings, Stages(), colocated=colocated, with_jobs=takes_jobs(settings, on_one_machine=False)
    )


def build_application(settings: Settings, stages: Stages, *, colocated: bool, with_jobs: bool) -> Application:
    """Wire ingress and stages together.

    The manifests of the bundles are read here. All replicas get these, even those that start after a file changed.

    Args:
        settings: The whole tree.
        stages: Classes of the stages.
        colocated: Whether the stages share replicas.
        with_jobs: Whether the ingress takes jobs and works on them.
    """
    settings = with_structure(settings, colocated=colocated)
    ingress = _deployment(Ingress).options(
        name="Ingress",
        num_replicas=settings.http.replicas,
        max_replicas_per_node=settings.http.max_replicas_per_node,  # type: ignore[arg-type]  # None is its default
        ray_actor_options=_reserved(settings.http.label_selector, num_cpus=INGRESS_CPUS),
        # Serve lets more requests in than the ingress admits, so that the ingress refuses with a problem that says why.
        max_ongoing_requests=2 * OPEN_PER_PLACE * settings.http.max_concurrent_requests,
        max_queued_requests=2 * settings.http.max_concurrent_requests,
        backpressure_config=BackpressureConfig(status_code=503, retry_after_s=settings.http.retry_after_s),
        graceful_shutdown_timeout_s=settings.http.request_timeout_s,
        health_check_period_s=_HEALTH_PERIOD_S,
        health_check_timeout_s=_HEALTH_TIMEOUT_S,
    )
    bundles = read_bundles(settings)
    routes = (_colocated if colocated else _separate)(settings, stages)
    return ingress.bind(settings, bundles, routes, pages_in_work(settings, colocated=colocated) if with_jobs else None)


def pages_in_work(settings: Settings, *, colocated: bool) -> int:
    """How many pages of jobs one ingress replica has in work: the setting, or enough to keep all replicas busy.

    Enough also shows Serve when more replicas would be busy. Few pages wait at the replicas: a page that waits in the
    store can still be overtaken by other jobs, and leaves the replicas room for requests.

    Args:
        settings: The whole tree.
        colocated: Whether the stages share replicas.
    """
    if settings.jobs.pages_in_work is not None:
        return settings.jobs.pages_in_work
    if colocated:
        pages = _pages(settings.reader.scaling, settings.reader_threads)
    else:
        pages = sum(_pages(stage.scaling, stage.threads) for stage in settings.stages().values())
    return math.ceil(pages / settings.http.replicas)


def _pages(scaling: ScalingSettings, threads: int) -> float:
    """Pages for all replicas of one kind. Each gets a page more than its threads, to be decoded while they work."""
    return scaling.max_replicas * max(scaling.target_ongoing_requests * _ABOVE_TARGET, threads + 1)


def _separate(settings: Settings, stages: Stages) -> dict[str, PageRoute]:
    """Build a deployment for each stage of each bundle, by the bundle's name.

    Preprocessing and structure are the same for all.
    """
    live = _live(settings)
    own = settings.preprocess
    replicas = _replicas("Preprocessor", stages.preprocessor, own, own.reserved_cpus, live["preprocess"])
    preprocessor = _handle(replicas, own, settings.storage)
    structurer = None
    if settings.structure.enabled:
        structure = settings.structure
        replicas = _replicas("Structurer", stages.structurer, structure, structure.reserved_cpus, None)
        structurer = _handle(replicas, structure)

    routes: dict[str, PageRoute] = {}
    for manifest, suffix, of in _bundles(settings):
        detection, recognition = of.detection, of.recognition
        detectors = _replicas(
            f"Detector{suffix}", stages.detector, detection, detection.reserved_cpus, live["detection"]
        )
        recognizers = _replicas(
            f"Recognizer{suffix}", stages.recognizer, recognition, recognition.reserved_cpus, live["recognition"]
        )
        routes[manifest.name] = SeparateReplicas(
            preprocessor,
            _handle(detectors, manifest, detection),
            _handle(recognizers, manifest, recognition),
            structurer,
            settings.http.max_body_bytes,
        )
    return routes


def _colocated(settings: Settings, stages: Stages) -> dict[str, PageRoute]:
    """Build one deployment of all stages for each bundle, by the bundle's name."""
    routes: dict[str, PageRoute] = {}
    for manifest, suffix, of in _bundles(settings):
        replicas = _replicas(f"Reader{suffix}", Reader, of.reader, of.reader_cpus, _live(of))
        reader = _handle(replicas, reader_setup(of, manifest=manifest, stages=stages))
        routes[manifest.name] = ColocatedReplicas(reader, settings.http.max_body_bytes)
    return routes


def _bundles(settings: Settings) -> Iterator[tuple[BundleManifest, str, Settings]]:
    """Yield each bundle's manifest, the ending of its deployments' names, and the settings of its replicas."""
    for name, manifest in served_bundles(settings).items():
        ending = deployments_ending(settings, name)
        if not ending:
            yield manifest, ending, settings
            continue
        changed = {
            stage: own.model_copy(update={"scaling": _from(own.scaling, settings.bundles_min_replicas)})
            for stage, own in (("reader", settings.reader), *settings.stages().items())
        }
        yield manifest, ending, settings.model_copy(update=changed)


def _from(scaling: ScalingSettings, min_replicas: int) -> ScalingSettings:
    return scaling.model_copy(
        update={"min_replicas": min_replicas, "max_replicas": max(scaling.max_replicas, min_replicas)}
    )


def _live(settings: Settings) -> dict[str, dict[str, Any]]:
    """The settings that may change without a restart, by stage. Serve passes them to reconfigure()."""
    return {
        "preprocess": settings.preprocess.limits.model_dump(mode="json"),
        "detection": settings.detection.options.model_dump(mode="json"),
        "recognition": settings.recognition.options.model_dump(mode="json"),
    }


def _handle(deployment: Deployment, *arguments: object) -> "DeploymentHandle[Any]":
    """Bind a deployment, which Serve replaces with its handle."""
    return cast("DeploymentHandle[Any]", deployment.bind(*arguments))


def _deployment(cls: type) -> Deployment:
    deployment = serve.deployment(cls)
    assert isinstance(deployment, Deployment)  # Ray types it as a decorator's decorator
    return deployment


def _reserved(label_selector: dict[str, str], **resources: float) -> dict[str, Any]:
    """The resources that Ray reserves for one replica, and the labels of its node."""
    return {**resources, "label_selector": label_selector} if label_selector else dict(resources)


def _replicas(
    name: str, replica: type, own: ReplicaSettings, reserved_cpus: float, user_config: dict[str, Any] | None
) -> Deployment:
    scaling = own.scaling
    return _deployment(replica).options(
        name=name,
        ray_actor_options=_reserved(own.label_selector, num_cpus=reserved_cpus, num_gpus=own.num_gpus),
        autoscaling_config=AutoscalingConfig(
            min_replicas=scaling.min_replicas,
            max_replicas=scaling.max_replicas,
            target_ongoing_requests=scaling.target_ongoing_requests,
            upscale_delay_s=scaling.upscale_delay_s,
            downscale_delay_s=scaling.downscale_delay_s,
        ),
        max_ongoing_requests=own.max_ongoing_requests,
        max_queued_requests=own.max_queued_requests,
        graceful_shutdown_timeout_s=own.graceful_shutdown_s,
        health_check_period_s=_HEALTH_PERIOD_S,
        health_check_timeout_s=_HEALTH_TIMEOUT_S,
        user_config=user_config,
    )
