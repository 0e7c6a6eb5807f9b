"""The application builder: what `serve deploy`, a RayService and `rayocr serve` run.

import_path: serve.app:build_app
args: {recognition: {scaling: {max_replicas: 8}}}
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ray import serve
from ray.serve import Application, Deployment
from ray.serve.config import AutoscalingConfig, BackpressureConfig

from deployments.detection import Detector
from deployments.preprocess.preprocessor import Preprocessor
from deployments.recognition import Recognizer
from deployments.settings import StageSettings
from models.settings import SettingsSection
from serve.configuration import load_settings
from serve.ingress import Ingress
from serve.settings import INGRESS_CPUS, Settings

__all__ = ["Stages", "build_app", "build_application"]

_HEALTH_PERIOD_S = 5.0
_HEALTH_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Stages:
    """The classes of the three stages."""

    preprocessor: type[Preprocessor] = Preprocessor
    detector: type[Detector] = Detector
    recognizer: type[Recognizer] = Recognizer


def build_app(args: Mapping[str, object]) -> Application:
    """Build the application for Ray Serve.

    Args:
        args: The tree of settings, or a part of it, over the environment and the settings file.

    Raises:
        ConfigurationError: A setting is unknown or out of range.
    """
    return build_application(load_settings(overrides=dict(args)).settings, Stages())


def build_application(settings: Settings, stages: Stages) -> Application:
    """Wire ingress and stages together.

    Args:
        settings: The whole tree.
        stages: Their classes; a subclass may stand in for one.
    """
    preprocessor = _stage("Preprocessor", stages.preprocessor, settings.preprocess, settings.preprocess.limits)
    detector = _stage("Detector", stages.detector, settings.detection, settings.detection.options)
    recognizer = _stage("Recognizer", stages.recognizer, settings.recognition, settings.recognition.options)
    ingress = _deployment(Ingress).options(
        name="Ingress",
        num_replicas=1,
        ray_actor_options={"num_cpus": INGRESS_CPUS},
        # More than it admits, so that it refuses by itself, with a problem that says why.
        max_ongoing_requests=2 * settings.http.max_concurrent_requests,
        max_queued_requests=2 * settings.http.max_concurrent_requests,
        backpressure_config=BackpressureConfig(status_code=503, retry_after_s=settings.http.retry_after_s),
        graceful_shutdown_timeout_s=settings.http.request_timeout_s,
        health_check_period_s=_HEALTH_PERIOD_S,
        health_check_timeout_s=_HEALTH_TIMEOUT_S,
    )
    return ingress.bind(
        settings,
        preprocessor.bind(settings.preprocess, settings.storage),
        detector.bind(settings.bundle, settings.detection),
        recognizer.bind(settings.bundle, settings.recognition),
    )


def _deployment(cls: type) -> Deployment:
    deployment = serve.deployment(cls)
    assert isinstance(deployment, Deployment)  # Ray types it as a decorator's decorator
    return deployment


def _stage(name: str, stage: type, own: StageSettings, live: SettingsSection) -> Deployment:
    scaling = own.scaling
    return _deployment(stage).options(
        name=name,
        ray_actor_options={"num_cpus": own.reserved_cpus, "num_gpus": own.num_gpus},
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
        # What may change without a restart: Serve hands it to reconfigure().
        user_config=live.model_dump(mode="json"),
    )
