"""What holds for each chart: its schema, README, examples and versions follow what they are made from."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.chart_schema import values_schema

ROOT = Path(__file__).parents[2]
CHARTS = sorted(file.parent for file in (ROOT / "helm").glob("*/Chart.yaml"))

SHARED = (
    *("_egress.tpl", "_monitoring.tpl", "_names.tpl", "_numbers.tpl", "_pods.tpl", "_refusals.tpl", "_stages.tpl"),
)

each_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)


@pytest.mark.parametrize("name", SHARED)
def test_charts_share_these_templates(name: str) -> None:
    first, *others = [(chart / "templates" / name).read_text(encoding="utf-8") for chart in CHARTS]
    assert others == [first]


@each_chart
def test_the_schema_is_the_one_that_values_yaml_describes(chart: Path) -> None:
    described = values_schema((chart / "values.yaml").read_text(encoding="utf-8"))

    assert json.loads((chart / "values.schema.json").read_text(encoding="utf-8")) == described, "run make chart-docs"


@each_chart
def test_every_example_is_rendered_by_a_chart_test(chart: Path) -> None:
    suite = (chart / "tests" / "examples_test.yaml").read_text(encoding="utf-8")

    assert set(re.findall(r"values-examples/([\w.-]+)", suite)) == {
        file.name for file in (chart / "values-examples").iterdir()
    }


@each_chart
def test_versions_are_those_of_the_project(chart: Path) -> None:
    described = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [ray] = [entry for entry in project["dependencies"] if entry.startswith("ray[")]

    assert described["version"] == described["appVersion"] == project["version"]
    assert described["annotations"]["rayocr/ray"] == ray.partition("==")[2]


@each_chart
def test_the_readme_describes_every_value(chart: Path) -> None:
    readme = (chart / "README.md").read_text(encoding="utf-8")

    def visit(schema: dict[str, Any], path: str) -> None:
        for name, below in schema.get("properties", {}).items():
            if "properties" in below:
                visit(below, f"{path}{name}.")
            else:
                assert f"| {path}{name} |" in readme, "run make chart-docs"
                assert below["description"] in readme, f"{path}{name}: run make chart-docs"

    visit(values_schema((chart / "values.yaml").read_text(encoding="utf-8")), "")
