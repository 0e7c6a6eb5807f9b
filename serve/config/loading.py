"""Reads the settings, and remembers the source of each value."""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from models.errors import ConfigurationError
from serve.config.settings import Settings

__all__ = ["CONFIG_VARIABLE", "LoadedSettings", "load_settings", "setting_paths", "variable_of"]

CONFIG_VARIABLE = "RAYOCR_CONFIG"
_PREFIX = "RAYOCR_"
_DELIMITER = "__"

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings in effect.

    Args:
        settings: The tree.
        origins: Source of the value of each setting that is not at its default, by its path, such as `http.port`.
    """

    settings: Settings
    origins: dict[str, str]


def load_settings(file: Path | None = None, overrides: Mapping[str, object] | None = None) -> LoadedSettings:
    """Read the settings. `overrides` win over `RAYOCR_*` variables, these over the YAML file, and it over the defaults.

    Args:
        file: A YAML file of settings. If it is not given, the variable RAYOCR_CONFIG may name one.
        overrides: Values by path (`http.port`), such as options of the command line.

    Raises:
        ConfigurationError: The file can't be read, a key or variable is unknown, or a value is out of its range.
    """
    if file is None and CONFIG_VARIABLE in os.environ:
        file = Path(os.environ[CONFIG_VARIABLE])
    _refuse_unknown_variables()
    layers = [
        (f"file {file}", _from_file(file) if file is not None else {}),
        ("environment", _from_environment()),
        ("command line", _nested(overrides or {})),
    ]
    merged: Values = {}
    origins: dict[str, str] = {}
    single = frozenset(setting_paths())
    for name, values in layers:
        merged = _merged(merged, values, single)
        for path in _leaves(values, single):
            origins[path] = f"environment {variable_of(path)}" if name == "environment" else name
    try:
        return LoadedSettings(Settings.model_validate(merged), origins)
    except ValidationError as exc:
        raise ConfigurationError(_explained(exc, origins)) from exc


def setting_paths(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the path of every single setting, in the order of the classes."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from setting_paths(annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def variable_of(path: str) -> str:
    """The environment variable of a setting: `http.port` is RAYOCR_HTTP__PORT."""
    return _PREFIX + path.upper().replace(".", _DELIMITER)


def _refuse_unknown_variables() -> None:
    # pydantic-settings silently drops a misspelled variable; a pod would run with a default that nobody chose.
    known = {variable_of(path) for path in setting_paths()} | {CONFIG_VARIABLE}
    for name in sorted(os.environ):
        if not name.upper().startswith(_PREFIX) or name.upper() in known:
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1)
        hint = f"did you mean {close[0]}?" if close else "`rayocr config` lists every setting"
        raise ConfigurationError(f"the environment variable {name} is not a setting of rayocr: {hint}")


def _from_environment() -> Values:
    try:
        return dict(EnvSettingsSource(Settings)())
    except SettingsError as exc:  # a list that is not JSON
        raise ConfigurationError(
            f"an environment variable can't be read: {exc}; lists and mappings are JSON, such as [443]"
        ) from exc


def _from_file(file: Path) -> Values:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigurationError(f"the settings file {file} can't be read: {exc.strerror}") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"the settings file {file} is not valid YAML: {exc}") from exc
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigurationError(f"the settings file {file} holds {type(values).__name__}, not a mapping of settings")
    return _with_text_keys(values)


def _with_text_keys(values: Mapping[object, object]) -> Values:
    # YAML reads `1:` and `on:` as a number and a boolean; the model refuses them by their text.
    return {str(key): _with_text_keys(value) if isinstance(value, dict) else value for key, value in values.items()}


def _nested(flat: Mapping[str, object]) -> Values:
    nested: Values = {}
    for path, value in flat.items():
        for part in reversed(path.split(".")[1:]):
            value = {part: value}
        nested = _merged(nested, {path.split(".")[0]: value}, frozenset())
    return nested


def _merged(under: Values, over: Values, single: frozenset[str], prefix: str = "") -> Values:
    """Merge sections key by key. A setting that is itself a mapping (`single` has its path) is taken whole."""
    merged = dict(under)
    for key, value in over.items():
        below, path = merged.get(key), f"{prefix}{key}"
        if isinstance(below, dict) and isinstance(value, dict) and path not in single:
            value = _merged(below, value, single, f"{path}.")
        merged[key] = value
    return merged


def _leaves(values: Values, single: frozenset[str], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and path not in single:
            yield from _leaves(value, single, f"{path}.")
        else:
            yield path


def _explained(error: ValidationError, origins: dict[str, str]) -> str:
    problems = []
    for entry in error.errors():
        path = ".".join(str(part) for part in entry["loc"])
        origin = f" (from {origins[path]})" if path in origins else ""
        given = entry["input"]
        # A rule about several settings gets all of them as input, so its own message names the values.
        value = "" if isinstance(given, dict) else f", not {str(given)[:60]!r}"
        problem = "is not a setting of rayocr" if entry["type"] == "extra_forbidden" else f"{entry['msg']}{value}"
        problems.append(f"{path}{origin}: {problem}")
    return "the settings are not valid: " + "; ".join(problems)
