"""What Serve is told of the replicas."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve import Application

from deployments.pipeline.routes import check_model
from deployments.stages.reader import Stages
from models.errors import ConfigurationError, MalformedRequest
from models.manifests import load_manifest
from serve.app import build_application
from serve.config.bundle import served_bundles
from serve.config.settings import Settings


def options(tree: dict[str, object], *, colocated: bool) -> dict[str, Any]:
    """Options of each deployment, by name."""
    settings = Settings.model_validate(tree)
    ingress = build_application(settings, Stages(), colocated=colocated, with_jobs=True)._bound_deployment
    _, bundles, routes, _ = list(ingress.init_args)
    assert list(bundles) == list(routes)
    of_bundles = [value for one in routes.values() for value in vars(one).values()]
    stages = [value._bound_deployment for value in of_bundles if isinstance(value, Application)]
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


@pytest.mark.parametrize(("colocated", "names"), [(True, ["Reader"]), (False, ["Detector", "Recognizer"])])
def test_each_further_bundle_has_replicas_that_begin_at_none(colocated: bool, names: list[str]) -> None:
    found = options({"bundles": ["ppocrv6-tiny"]}, colocated=colocated)
    assert set(found) == {"Ingress", *names, *(f"{name}-ppocrv6-tiny" for name in names)} | (
        set() if colocated else {"Preprocessor"}
    )
    for name in names:
        least = {
            key: found[key]._deployment_config.autoscaling_config.min_replicas for key in (name, f"{name}-ppocrv6-tiny")
        }
        assert least == {name: 1, f"{name}-ppocrv6-tiny": 0}
    warm = options({"bundles": ["ppocrv6-tiny"], "bundles_min_replicas": 2}, colocated=colocated)
    scaling = warm[f"{names[0]}-ppocrv6-tiny"]._deployment_config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas >= 2) == (2, True)


def test_replicas_get_the_manifest_that_was_read_when_they_were_deployed(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    tree = load_manifest("ppocrv6-tiny", with_recipes=False).model_dump(mode="json", exclude_none=True)
    for name in ("own", "renamed"):
        path.write_text(yaml.safe_dump({**tree, "name": name}))
        found = options({"bundles": [str(path)]}, colocated=True)
        (setup,) = found[f"Reader-{name}"].init_args
        assert setup.manifest.name == name


def test_two_bundles_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="ppocrv6-small and ppocrv6-small have the same name"):
        options({"bundles": ["ppocrv6-small"]}, colocated=True)


def test_unknown_model_is_refused_with_those_that_are_served() -> None:
    settings = Settings.model_validate({"bundles": ["ppocrv6-tiny"]})
    served = served_bundles(settings)
    check_model(None, served)
    check_model("ppocrv6-tiny", served)
    with pytest.raises(MalformedRequest, match="'crnn' is not served; served are ppocrv6-small, ppocrv6-tiny"):
        check_model("crnn", served)
