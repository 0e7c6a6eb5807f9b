"""The chart of a bulk run against what it is made for: the command and its settings."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from serve.bulk.options import BulkOptions, PoolBounds
from serve.bulk.run.pools import plan_pools
from serve.cli.bulk import bulk_app
from serve.config.loading import load_settings
from serve.ray_patches.local_ray import BULK_ENVIRONMENT

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "rayocr-bulk"
# Of the command, not of the chart: a dry run answers on a terminal, and the settings are the chart's own file, with the
# model bundle.
# The chart mounts no files of its users, such as one with a password.
NOT_IN_THE_CHART = {"--dry-run", "--cpu-hour-price", "--config", "--model", "--password-file", "--fields-template"}


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _values() -> Any:
    return _yaml(CHART / "values.yaml")


def _asserted(suite: str, path: str) -> list[str]:
    """What a suite of the chart's own tests says that the value at a path is."""
    return [
        entry["equal"]["value"]
        for test in _yaml(CHART / "tests" / suite)["tests"]
        for entry in test["asserts"]
        if entry.get("equal", {}).get("path") == path
    ]


def _options() -> dict[str, Any]:
    return {option.opts[0]: option for option in get_command(bulk_app).params}


def test_the_chart_hands_on_every_option_of_the_command() -> None:
    template = (CHART / "templates" / "_command.tpl").read_text(encoding="utf-8")
    written = set(re.findall(r'"(--[a-z-]+)"', template))

    assert written == {name for name in _options() if "completion" not in name} - NOT_IN_THE_CHART


@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("format", "--format"),
        ("seed", "--seed"),
        ("dpi", "--dpi"),
        ("textLayer", "--text-layer"),
        ("orientation", "--orientation"),
        ("maxPages", "--max-pages"),
        ("attempts", "--attempts"),
        ("maxErrorRate", "--max-error-rate"),
        ("shardDocuments", "--shard-documents"),
        ("storagePatience", "--storage-patience"),
    ],
)
def test_defaults_are_those_of_the_command(value: str, option: str) -> None:
    assert _values()["run"][value] == _options()[option].default


@pytest.mark.parametrize("entrypoint", _asserted("rayjob_test.yaml", "spec.entrypoint"))
def test_the_command_reads_what_the_chart_writes(entrypoint: str) -> None:
    # KubeRay's shell reads it once, and Ray quotes the words anew for a second one.
    words = shlex.split(shlex.join(shlex.split(entrypoint)))

    context = get_command(bulk_app).make_context("bulk", words[3:])

    assert words[:3] == ["python", "-m", "serve.bulk"]
    assert context.params["source"].startswith("s3://scans/")
    assert context.params["output"] == "s3://text/"


def test_settings_and_bounds_fit_the_workers() -> None:
    colocated, apart, _ = _asserted("settings_test.yaml", 'data["settings.yaml"]')

    readers = plan_pools(BulkOptions("", "", readers=PoolBounds(1, 4)), _settings(colocated), cpus=16)
    stages = plan_pools(BulkOptions("", ""), _settings(apart), cpus=4)

    assert [(pool.threads, pool.num_cpus) for pool in readers.stages.values()] == [(4, 4.0)]
    assert readers.most_cpus == 16
    assert [pool.num_cpus for pool in stages.stages.values()] == [0.25, 1.05, 2.45]


def test_stages_on_gpus_reserve_no_cpus() -> None:
    *_, on_gpus = _asserted("settings_test.yaml", 'data["settings.yaml"]')

    stages = plan_pools(BulkOptions("", ""), _settings(on_gpus), cpus=4).stages

    assert (stages["detection"].num_cpus, stages["detection"].num_gpus) == (0, 1)
    assert stages["fetch"].num_cpus + stages["recognition"].num_cpus <= 4


def test_pods_have_the_environment_of_a_lean_ray_with_data_frames() -> None:
    template = (CHART / "templates" / "_env.tpl").read_text(encoding="utf-8")
    written = dict(re.findall(r'^- \{name: (\w+), value: "(.*)"\}$', template, re.MULTILINE))

    assert BULK_ENVIRONMENT.items() <= written.items()
    assert "HOOK" not in template


def test_the_home_of_the_image_is_a_volume() -> None:
    [home] = re.findall(r"HOME=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))

    assert f"mountPath: {home}}}" in (CHART / "templates" / "_pods.tpl").read_text(encoding="utf-8")


def _settings(text: str) -> Any:
    return load_settings(overrides=_paths(yaml.safe_load(text))).settings


def _paths(tree: dict[str, Any], path: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in tree.items():
        found |= _paths(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return found
