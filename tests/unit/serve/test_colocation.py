"""Whether stages share replicas, and what they reserve then."""

import pytest

from models.errors import ConfigurationError
from serve.config.colocation import is_colocated
from serve.config.settings import Settings


@pytest.mark.parametrize("otherwise", [True, False])
def test_default_is_the_callers(otherwise: bool) -> None:
    assert is_colocated(Settings(), otherwise=otherwise) is otherwise


@pytest.mark.parametrize("asked", [True, False])
def test_setting_holds_whatever_the_default(asked: bool) -> None:
    settings = Settings.model_validate({"colocated": asked})
    assert is_colocated(settings, otherwise=not asked) is asked


@pytest.mark.parametrize(
    "stage",
    [
        {"preprocess": {"num_cpus": 0.5}},
        {"detection": {"num_gpus": 1}},
        {"recognition": {"scaling": {"max_replicas": 8}}},
        {"recognition": {"max_queued_requests": 9}},
        {"detection": {"label_selector": {"pool": "gpu"}}},
    ],
    ids=["cpus", "gpus", "scaling", "queue", "labels"],
)
def test_stage_with_replicas_of_its_own_is_apart(stage: dict[str, object]) -> None:
    settings = Settings.model_validate(stage)
    assert not is_colocated(settings, otherwise=True)
    both = Settings.model_validate({"colocated": True, **stage})
    (name,) = stage
    with pytest.raises(ConfigurationError, match=rf"colocated is true, .* but {name}\.\w+ is set: set reader\.\w+ in"):
        is_colocated(both, otherwise=True)


def test_other_settings_of_a_stage_are_no_replicas() -> None:
    settings = Settings.model_validate({"detection": {"net": {"threads": 3}, "max_work_s": 3}})
    assert is_colocated(settings, otherwise=True)


@pytest.mark.parametrize(
    ("tree", "cpus"),
    [
        ({"detection": {"net": {"threads": 2}}, "recognition": {"net": {"threads": 3}}}, 3),
        ({"detection": {"net": {"threads": 1}}, "recognition": {"net": {"threads": 1}}}, 1),
        ({"reader": {"num_cpus": 0.5}}, 0.5),
    ],
    ids=["most threads", "one thread", "named"],
)
def test_stages_take_turns_on_the_cpus_of_their_replica(tree: dict[str, object], cpus: float) -> None:
    assert Settings.model_validate(tree).reader_cpus == cpus
