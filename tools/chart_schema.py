"""Makes a chart's values.schema.json out of the comments of its values.yaml.

A block between two lines `# @schema` above a key is JSON schema (the annotations of dadav's helm-schema); lines after
`# --` describe the key, for helm-docs too. What a block leaves open comes from the default: its type, and for an object
with keys that it has no others. A block between `# @schema.root` lines belongs to the whole. Where that leaves
`#/$defs/Settings` open, it is rayocr's own tree of settings.

    python -m tools.chart_schema helm/rayocr            writes the schema
    python -m tools.chart_schema helm/rayocr --check    fails where it is not the one that values.yaml describes
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from serve.config.settings import Settings

__all__ = ["values_schema"]

Schema = dict[str, Any]

_TYPES = {
    "tag:yaml.org,2002:str": "string",
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:seq": "array",
    "tag:yaml.org,2002:map": "object",
}
# They say which type a value has.
_TYPED = ("type", "$ref", "anyOf", "allOf", "oneOf")
# Of a section of rayocr's settings; defaults follow the machine on which they are looked at.
_NOT_FOR_CHARTS = ("default", "default_text", "title")


def values_schema(values: str) -> Schema:
    """The JSON schema (draft 7) that the comments of a values file describe.

    Args:
        values: Text of values.yaml.

    Raises:
        ValueError: A key lacks a description, or an empty object or list does not say what it may hold.
    """
    root = yaml.compose(values, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    lines = values.splitlines()
    schema: Schema = {"$schema": "http://json-schema.org/draft-07/schema#"}
    schema |= _blocks(lines, "# @schema.root")
    schema |= _object(root, lines, "")
    if "#/$defs/Settings" in json.dumps(schema):
        schema.setdefault("$defs", {}).update(_settings_schemas())
    return schema


def _object(node: yaml.MappingNode, lines: list[str], path: str) -> Schema:
    properties = {}
    for key, value in node.value:
        comments = _comments_above(lines, key.start_mark.line)
        properties[key.value] = _property(value, comments, lines, f"{path}{key.value}")
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _property(node: yaml.Node, comments: list[str], lines: list[str], path: str) -> Schema:
    annotated = _blocks(comments, "# @schema")
    schema: Schema = {}
    if description := _description(comments):
        schema["description"] = description
    if not any(key in annotated for key in _TYPED):
        schema["type"] = _TYPES[node.tag]
        if isinstance(node, yaml.MappingNode) and "additionalProperties" not in annotated:
            if not node.value:
                raise ValueError(f"{path} is empty: say in its @schema which keys it may have")
            return schema | _object(node, lines, f"{path}.")
        if isinstance(node, yaml.SequenceNode) and "items" not in annotated:
            raise ValueError(f"{path} is a list: say in its @schema what its items are")
    if not description:
        raise ValueError(f"{path} has no description ('# --')")
    return schema | annotated


def _comments_above(lines: list[str], line: int) -> list[str]:
    above: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        above.insert(0, lines[line].strip())
    return above


def _blocks(lines: list[str], fence: str) -> Schema:
    """What stands between pairs of fences."""
    found: list[str] = []
    inside = False
    for line in (line.strip() for line in lines):
        if line == fence:
            inside = not inside
        elif inside:
            found.append(re.sub("^# ?", "", line))
    return yaml.safe_load("\n".join(found)) or {}


def _description(comments: list[str]) -> str:
    text: list[str] = []
    for line in comments:
        if line.startswith("# -- "):
            text = [re.sub(r"^\(\w+\) ", "", line.removeprefix("# -- "))]  # a type, for helm-docs where it is null
        elif text:
            text.append(line.removeprefix("#").strip())
    return " ".join(text)


def _settings_schemas() -> Schema:
    tree = Settings.model_json_schema()
    schemas: Schema = tree.pop("$defs")
    return {name: _without_defaults(section) for name, section in {**schemas, "Settings": tree}.items()}


def _without_defaults(section: Schema) -> Schema:
    kept = {key: value for key, value in section.items() if key not in _NOT_FOR_CHARTS}
    kept["properties"] = {
        name: {key: value for key, value in field.items() if key not in _NOT_FOR_CHARTS}
        for name, field in section["properties"].items()
    }
    return kept


def main() -> int:
    """Write or check the schema of one chart; the exit code."""
    parser = argparse.ArgumentParser(description="Make values.schema.json from values.yaml.")
    parser.add_argument("chart", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    schema = values_schema((arguments.chart / "values.yaml").read_text(encoding="utf-8"))
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    target = arguments.chart / "values.schema.json"
    if not arguments.check:
        target.write_text(text, encoding="utf-8")
    elif not target.is_file() or target.read_text(encoding="utf-8") != text:
        print(f"{target} is not what values.yaml and the settings describe: run make chart-docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
