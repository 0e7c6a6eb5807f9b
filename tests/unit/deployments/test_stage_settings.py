"""What a stage's settings come to on a machine of so many CPUs."""

import math

import pytest

from deployments.settings import (
    DetectionSettings,
    PreprocessSettings,
    RecognitionSettings,
    StageSettings,
)
from models.cpus import usable_cpu_count


@pytest.mark.parametrize(
    ("cpus", "threads", "replicas"), [(1, 1, 1), (2, 2, 1), (4, 4, 1), (5, 4, 2), (8, 4, 2), (32, 4, 8)]
)
def test_recognition_uses_every_cpu_by_default_and_detection_two(
    monkeypatch: pytest.MonkeyPatch, cpus: int, threads: int, replicas: int
) -> None:
    monkeypatch.setattr("deployments.settings.usable_cpu_count", lambda: cpus)
    # made anew, as a section is when it is set in part; what stands as the default was made at import
    recognition = RecognitionSettings.model_validate({"net": {}, "scaling": {}})
    detection = DetectionSettings.model_validate({"net": {}, "scaling": {}})
    assert (recognition.net.threads, recognition.scaling.max_replicas) == (threads, replicas)
    assert recognition.net.threads * recognition.scaling.max_replicas >= cpus
    assert (detection.net.threads, detection.scaling.max_replicas) == (min(cpus, 2), replicas)


def test_defaults_are_those_of_this_machine() -> None:
    settings = RecognitionSettings()
    assert settings.net.threads == min(usable_cpu_count(), 4)
    assert settings.scaling.max_replicas == math.ceil(usable_cpu_count() / 4)


@pytest.mark.parametrize(
    ("settings", "cpus"),
    [
        (PreprocessSettings(), 1),
        (DetectionSettings.model_validate({"net": {"threads": 3}}), 3),
        (RecognitionSettings.model_validate({"net": {"threads": 2}}), 2),
        (RecognitionSettings.model_validate({"net": {"threads": 4}, "num_cpus": 1.5}), 1.5),
        (DetectionSettings.model_validate({"num_cpus": 0}), 0),
        (PreprocessSettings(num_cpus=0.25), 0.25),
    ],
    ids=["no net", "detection", "recognition", "named", "zero is a number", "a part"],
)
def test_replica_reserves_the_threads_of_its_net_unless_told(settings: StageSettings, cpus: float) -> None:
    assert settings.reserved_cpus == cpus
