"""The chart against what it is made for: settings, image, metrics, and how its schema is made."""

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from serve.config.colocation import is_colocated
from serve.config.loading import load_settings
from serve.config.settings import HttpSettings
from serve.ray_patches.environment import cluster_environment
from tools.chart_schema import values_schema

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "rayocr"


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _text(*folders: str) -> str:
    return "\n".join(
        file.read_text(encoding="utf-8")
        for folder in folders
        for file in sorted((CHART / folder).rglob("*"))
        if file.is_file()
    )


def test_every_object_of_the_schema_is_closed_or_a_free_map() -> None:
    open_objects = []

    def visit(schema: dict[str, Any], path: str) -> None:
        if schema.get("type") == "object" and "additionalProperties" not in schema and "required" not in schema:
            open_objects.append(path)
        for name, below in schema.get("properties", {}).items():
            visit(below, f"{path}.{name}")

    schema = values_schema((CHART / "values.yaml").read_text(encoding="utf-8"))
    visit(schema, "values")
    for name, section in schema["$defs"].items():
        visit(section, name)

    assert open_objects == []


def test_a_value_without_description_is_refused() -> None:
    with pytest.raises(ValueError, match=r"image\.tag has no description"):
        values_schema('image:\n  tag: ""\n')


def test_an_open_object_is_refused() -> None:
    with pytest.raises(ValueError, match="labels is empty: say in its @schema which keys it may have"):
        values_schema("# -- Labels.\nlabels: {}\n")


def test_the_settings_that_the_chart_makes_are_settings() -> None:
    [first, *_] = _yaml(CHART / "tests" / "settings_test.yaml")["tests"]
    [application] = yaml.safe_load(first["asserts"][0]["equal"]["value"])["applications"]

    settings = load_settings(overrides=application["args"]).settings

    assert is_colocated(settings, otherwise=False)
    assert (settings.reader_cpus, settings.reader_threads) == (3.6, 4)
    assert settings.reader.label_selector == {"rayocr/pool": "cpu"}


def test_numbers_that_must_be_in_order_have_the_defaults_of_the_settings() -> None:
    template = (CHART / "templates" / "_validate.tpl").read_text(encoding="utf-8")
    defaults = dict(re.findall(r'"settings\.((?:http|jobs)\.\w+)" (\d+)', template))
    settings = load_settings().settings.model_dump()

    assert len(defaults) == 5
    for path, default in defaults.items():
        section, name = path.split(".")
        assert settings[section][name] == int(default), path
    for stage in ("preprocess", "detection", "recognition", "reader"):
        assert settings[stage]["scaling"]["target_ongoing_requests"] == 2
        assert settings[stage]["max_ongoing_requests"] == 16


def test_pods_have_the_environment_of_a_cluster() -> None:
    template = (CHART / "templates" / "_env.tpl").read_text(encoding="utf-8")
    written = dict(re.findall(r"^- \{name: (\w+), value: (.*)\}$", template, re.MULTILINE))

    assert list(written) == list(cluster_environment(HttpSettings()))
    for name, value in cluster_environment(HttpSettings()).items():
        assert written[name].startswith("{{") or written[name].strip('"') == value  # helm-unittest knows the former


def test_the_home_of_the_image_is_a_volume() -> None:
    [home] = re.findall(r"HOME=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))

    assert f"mountPath: {home}}}" in (CHART / "templates" / "_pods.tpl").read_text(encoding="utf-8")


def test_dashboard_and_alerts_use_metrics_that_exist() -> None:
    page = (ROOT / "docs/reference/logs-and-metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"ray_rayocr_[a-z_]+", page))
    used = set(re.findall(r"ray_rayocr_[a-z_]+?(?=_bucket|_count|[^a-z_])", _text("dashboards", "templates")))

    assert used
    assert used <= documented


def test_pods_follow_the_two_settings_that_the_docs_name() -> None:
    # A change of any other setting is taken over without a second Ray cluster.
    helpers = {"rayocr.requestSeconds": "request_timeout_s"}
    pods = "\n".join((CHART / "templates" / f"_{name}.tpl").read_text("utf-8") for name in ("env", "groups", "pods"))
    pods += (CHART / "templates" / "_redis.tpl").read_text("utf-8")
    followed = set(re.findall(r'dig "http" "(\w+)" \d+ \.Values\.settings', pods))
    followed |= {setting for helper, setting in helpers.items() if helper in pods}

    assert followed == {"request_timeout_s", "max_request_timeout_s"}
    assert pods.count("Values.settings") == 1
    for page in ("docs/how-to/kubernetes.md", "helm/rayocr/README.md", "helm/rayocr/values.yaml"):
        text = (ROOT / page).read_text("utf-8")
        assert "http.request_timeout_s` and" in " ".join(text.split()), page


def _queries() -> list[str]:
    """What the dashboard and the alerts ask Prometheus, their variables filled in."""
    dashboard = json.loads((CHART / "dashboards" / "rayocr.json").read_text(encoding="utf-8"))
    of_panels = [
        target["expr"].replace("$__rate_interval", "5m")
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    ]
    rules = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("helm/*/templates/prometheusrule.yaml"))
    of_alerts = re.findall(r"expr: \|\n(.*?)\n +(?:for|labels):", rules, re.DOTALL)
    filled_in = [expr.replace("{{- $of }}", 'release="rayocr"') for expr in of_alerts]
    filled_in = [re.sub(r"=\{\{.*?\}\}", '="ocr"', expr) for expr in filled_in]
    filled_in = [re.sub(r"\{\{.*?\}\}", "1", expr) for expr in filled_in]
    assert len(of_panels) > 30
    assert len(filled_in) == rules.count("- alert:")
    return [*of_panels, *filled_in]


def test_each_alert_links_to_its_row() -> None:
    page = (ROOT / "docs/how-to/troubleshooting.md").read_text(encoding="utf-8")
    rules = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("helm/*/templates/prometheusrule.yaml"))
    alerts = re.findall(r"- alert: (\w+)", rules)

    assert re.findall(r"runbook_url: .*#(\w+)", rules) == [alert.lower() for alert in alerts]
    rows = re.findall(r'<a id="(\w+)"></a>`(\w+)`', page)
    assert sorted(rows) == sorted((alert.lower(), alert) for alert in alerts)


def test_the_page_for_installs_without_the_internet_lists_each_image() -> None:
    page = (ROOT / "docs/how-to/air-gapped.md").read_text(encoding="utf-8")
    values, chart = _yaml(CHART / "values.yaml"), _yaml(CHART / "Chart.yaml")
    image, redis = values["image"]["repository"], values["redis"]["bundled"]["image"]
    own = f"{image}:{chart['appVersion']}"
    operator = f"quay.io/kuberay/operator:v{chart['annotations']['rayocr/kuberay']}"

    assert re.findall(r"^\| `(\S+:\S+)` \|", page, re.MULTILINE) == [own, f"{own}-gpu", redis, operator]


def test_no_template_names_an_image_of_its_own() -> None:
    templates = [file for file in ROOT.glob("helm/*/templates/**/*") if file.suffix in (".tpl", ".yaml")]
    named = {
        line.strip() for file in templates for line in re.findall(r"^.*\bimage: .*$", file.read_text("utf-8"), re.M)
    }

    assert named == {"image: {{ index . 2 }}"}


@pytest.mark.parametrize("query", _queries())
def test_query_is_promql(query: str) -> None:
    promql_parser.parse(query)
