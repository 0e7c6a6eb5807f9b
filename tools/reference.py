"""Makes docs/reference/configuration.md from the settings classes.

`python -m tools.reference` writes it, `--check` compares.
"""

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel

from serve.config.loading import setting_paths, variable_of
from serve.config.settings import Settings

__all__ = ["main", "reference_page"]

_PAGE = Path(__file__).parents[1] / "docs" / "reference" / "configuration.md"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]

_HEAD = """\
# Configuration

<!-- Made by `python -m tools.reference` from the settings classes; a test compares it. Edit those, not this. -->

Every setting has a default that works on a laptop. A value is looked for in this order, and the first one found holds:

1. an option of the command line (`rayocr serve --port 9000`), or, on a Ray cluster, an argument of the application;
2. an environment variable, such as `RAYOCR_HTTP__PORT`: the path in capitals, two underscores for each dot;
3. a YAML file, named by `--config FILE` or by the variable `RAYOCR_CONFIG`;
4. the default.

A section may come partly from each. `rayocr config` prints what is in effect and where each value came from.

```yaml
# rayocr.yaml: rayocr serve --config rayocr.yaml
http:
  port: 9000
recognition:
  scaling: {min_replicas: 2, max_replicas: 8}
  net: {precision: f32}
```

```bash
# The same port, two lists and a mapping: these are written as JSON.
export RAYOCR_HTTP__PORT=9000
export RAYOCR_STORAGE__HTTPS_ENABLED=true
export RAYOCR_STORAGE__HTTPS_PORTS='[443, 8443]'
export RAYOCR_STORAGE__HTTPS_ALLOWED_HOSTS='["scans.example.com"]'
export RAYOCR_DETECTION__LABEL_SELECTOR='{"pool": "gpu"}'
```

Unknown keys, unknown `RAYOCR_*` variables and values out of range end the start with exit code 78 and a sentence that
names them; nothing is ignored. In Kubernetes set `enableServiceLinks: false`, or a Service called `rayocr` adds
variables of its own. Settings can't change while rayocr runs, except `preprocess.limits`, `detection.options` and
`recognition.options`: on a cluster a new `user_config` of their deployments brings these in without a restart.

Endpoint, region and credentials of S3 are none of rayocr's settings: boto3 finds them itself, see [storage](#storage).
"""


def reference_page() -> str:
    """The whole page, as it should be."""
    defaults: JsonObject = Settings().model_dump(mode="json")
    schema: JsonObject = Settings.model_json_schema()
    sections: dict[str, list[str]] = {}
    for path in setting_paths():
        section = path.rpartition(".")[0].partition(".")[0]
        sections.setdefault(section, []).append(path)
    parts = [_HEAD]
    for section, paths in sections.items():
        parts.append(f"## {section or 'General'}\n\n{_introduction(section)}")
        rows = [_row(path, _field_schema(schema, path), _value(defaults, path)) for path in paths]
        parts.append("| setting, variable | type | default | what it does |\n|---|---|---|---|\n" + "".join(rows))
    return "\n".join(parts)


def _introduction(section: str) -> str:
    model: type[BaseModel] = Settings
    if section:
        annotation = Settings.model_fields[section].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            raise TypeError(f"the section {section} is not a settings class")
        model = annotation
    return "" if model is Settings else f"{inspect.getdoc(model)}\n"


def _row(path: str, field: JsonObject, default: Json) -> str:
    shown_default = "not set" if default is None else f"`{_shown(default)}`"
    if "default_text" in field:  # it depends on the machine
        shown_default = str(field["default_text"])
    # A bar would end the table's cell.
    kind = _kind(field).replace("|", "\\|")
    return f"| `{path}`<br>`{variable_of(path)}` | {kind} | {shown_default} | {field['description']} |\n"


def _resolved(schema: JsonObject, node: Json) -> JsonObject:
    if not isinstance(node, dict):
        raise TypeError(f"{node!r} is no JSON schema")
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    definitions = schema["$defs"]
    if not isinstance(definitions, dict):
        raise TypeError("the schema has no definitions")
    return _resolved(schema, definitions[reference.rpartition("/")[2]])


def _field_schema(schema: JsonObject, path: str) -> JsonObject:
    node: JsonObject = schema
    for name in path.split("."):
        properties = _resolved(schema, node)["properties"]
        if not isinstance(properties, dict):
            raise TypeError(f"{path} is not a setting")
        node = _resolved(schema, properties[name])
    return node


def _value(tree: JsonObject, path: str) -> Json:
    value: Json = tree
    for name in path.split("."):
        if not isinstance(value, dict):
            raise TypeError(f"{path} is not a setting")
        value = value[name]
    return value


def _kind(field: JsonObject) -> str:
    """Type and range in a few words, from a JSON schema."""
    choices = field.get("anyOf")
    if isinstance(choices, list):
        kinds = [_kind(one) for one in choices if isinstance(one, dict) and one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    options = field.get("enum")
    if isinstance(options, list):
        return ", ".join(f"`{_shown(option)}`" for option in options)
    if field.get("type") == "array":
        items = field.get("items")
        return f"list of {_kind(items)}" if isinstance(items, dict) else "list"
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"mapping of text to {_kind(values)}" if isinstance(values, dict) else "mapping"
    if "network" in str(field.get("format")):
        return "network"
    if "pattern" in field:
        return f"text like `{field['pattern']}`"
    names = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
    return ", ".join([names[str(field["type"])], *_bounds(field)])


def _bounds(field: JsonObject) -> Iterator[str]:
    for key, words in (
        ("exclusiveMinimum", "above"),
        ("minimum", "at least"),
        ("exclusiveMaximum", "below"),
        ("maximum", "at most"),
    ):
        if key in field:
            yield f"{words} {_shown(field[key])}"


def _shown(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:_}" if abs(value) >= 100_000 and isinstance(value, int) else f"{value:g}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_shown(one)}' for key, one in value.items())}}}"
    return f"[{', '.join(_shown(one) for one in value)}]" if isinstance(value, list) else str(value)


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the page is stale, and write nothing")
    wanted = reference_page()
    if not parser.parse_args().check:
        _PAGE.write_text(wanted, encoding="utf-8")
    elif not _PAGE.is_file() or _PAGE.read_text(encoding="utf-8") != wanted:
        sys.exit(f"docs/reference/{_PAGE.name} is stale: write it with `python -m tools.reference`")


if __name__ == "__main__":
    main()
