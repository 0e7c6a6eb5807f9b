"""What Serve is told of the replicas."""

from typing import Any

import pytest
from ray.serve import Application

from deployments.stages.reader import Stages
from serve.app import build_application
from serve.config.settings import Settings


def options(tree: dict[str, object], *, colocated: bool) -> dict[str, Any]:
    """Options of each deployment, by name."""
    settings = Settings.model_validate(tree)
    ingress = build_application(settings, Stages(), colocated=colocated, with_jobs=True)._bound_deployment
    _, route, _ = list(ingress.init_args)
    stages = [value._bound_deployment for value in vars(route).values() if isinstance(value, Application)]
    return {deployment.name: deployment for deployment in (ingress, *stages)}


def test_label_selectors_reach_ray_where_they_are_set() -> None:
    tree = {
        "http": {"label_selector": {"pool": "cpu"}},
        "detection": {"label_selector": {"pool": "gpu"}, "num_gpus": 1},
    }
    found = options(tree, colocated=False)
    assert found["Ingress"].ray_actor_options == {"num_cpus": 0.2, "label_selector": {"pool": "cpu"}}
    assert found["Detector"].ray_actor_options["label_selector"] == {"pool": "gpu"}
    assert found["Detector"].ray_actor_options["num_gpus"] == 1
    assert "label_selector" not in found["Preprocessor"].ray_actor_options
    assert "label_selector" not in found["Recognizer"].ray_actor_options


def test_label_selector_of_colocated_replicas() -> None:
    found = options({"reader": {"label_selector": {"pool": "in(a, b)"}}}, colocated=True)
    assert found["Reader"].ray_actor_options["label_selector"] == {"pool": "in(a, b)"}
    assert "label_selector" not in found["Ingress"].ray_actor_options


@pytest.mark.parametrize("replicas", [1, 3])
def test_ingress_has_as_many_replicas_as_set(replicas: int) -> None:
    assert options({"http": {"replicas": replicas}}, colocated=True)["Ingress"].num_replicas == replicas
