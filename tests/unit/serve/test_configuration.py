import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serve.config.loading import load_settings, setting_paths


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("RAYOCR_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rayocr.yaml"
    path.write_text("http: {port: 9001, host: 0.0.0.0}\n")
    return path


def test_default_holds_where_nothing_is_set() -> None:
    loaded = load_settings()
    assert loaded.settings.http.port == 8000
    assert loaded.origins == {}


def test_file_is_over_default(file: Path) -> None:
    loaded = load_settings(file)
    assert loaded.settings.http.port == 9001
    assert loaded.origins == {"http.port": f"file {file}", "http.host": f"file {file}"}


def test_environment_is_over_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_HTTP__PORT", "9002")
    loaded = load_settings(file)
    assert loaded.settings.http.port == 9002
    assert loaded.origins["http.port"] == "environment RAYOCR_HTTP__PORT"


def test_command_line_is_over_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_HTTP__PORT", "9002")
    loaded = load_settings(overrides={"http.port": 9003})
    assert loaded.settings.http.port == 9003
    assert loaded.origins == {"http.port": "command line"}


def test_sections_are_merged_key_by_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_HTTP__PORT", "9002")
    http = load_settings(file, {"http.retry_after_s": 5}).settings.http
    assert (http.host, http.port, http.retry_after_s) == ("0.0.0.0", 9002, 5.0)


def test_mapping_in_a_variable_is_json_and_taken_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("http: {label_selector: {pool: cpu, zone: a}}")
    assert load_settings(file).origins == {"http.label_selector": f"file {file}"}
    monkeypatch.setenv("RAYOCR_HTTP__LABEL_SELECTOR", '{"pool": "gpu"}')
    loaded = load_settings(file)
    assert loaded.settings.http.label_selector == {"pool": "gpu"}
    assert loaded.origins == {"http.label_selector": "environment RAYOCR_HTTP__LABEL_SELECTOR"}


def test_variable_names_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_CONFIG", str(file))
    assert load_settings().settings.http.port == 9001


def test_argument_is_over_the_variable_that_names_the_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("http: {port: 9009}\n")
    monkeypatch.setenv("RAYOCR_CONFIG", str(other))
    assert load_settings(file).settings.http.port == 9001


def test_empty_file_sets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing yet\n")
    assert load_settings(path).origins == {}


def test_nested_variable_of_three_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_DETECTION__OPTIONS__THRESHOLD", "0.2")
    assert load_settings().settings.detection.options.threshold == 0.2


def test_list_in_a_variable_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYOCR_STORAGE__HTTPS_ALLOWED_NETWORKS", '["10.20.0.0/16"]')
    assert load_settings().settings.storage.https_allowed_networks == (IPv4Network("10.20.0.0/16"),)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "RAYOCR_HTTP__PROT",
            "1",
            "the environment variable RAYOCR_HTTP__PROT is not a setting of rayocr: did you mean RAYOCR_HTTP__PORT?",
        ),
        (
            "RAYOCR_ZZZZZZZZ",
            "1",
            "the environment variable RAYOCR_ZZZZZZZZ is not a setting of rayocr: `rayocr config` lists every setting",
        ),
        (
            "RAYOCR_HTTP__PORT",
            "70000",
            "the settings are not valid: http.port (from environment RAYOCR_HTTP__PORT): "
            "Input should be less than or equal to 65535, not '70000'",
        ),
        (
            "RAYOCR_HTTP__PORT",
            "http",
            "the settings are not valid: http.port (from environment RAYOCR_HTTP__PORT): "
            "Input should be a valid integer, unable to parse string as an integer, not 'http'",
        ),
        (
            "RAYOCR_STORAGE__HTTPS_PORTS",
            "[443",
            'an environment variable can\'t be read: error parsing value for field "storage" from source '
            '"EnvSettingsSource"; lists and mappings are JSON, such as [443]',
        ),
        (
            "RAYOCR_HTTP",
            '{"port": 9}',
            "the environment variable RAYOCR_HTTP is not a setting of rayocr: did you mean RAYOCR_HTTP__PORT?",
        ),
        (
            "RAYOCR_HTTP__LABEL_SELECTOR",
            '{"pool": "g p u"}',
            "the settings are not valid: http.label_selector (from environment RAYOCR_HTTP__LABEL_SELECTOR): "
            "Value error, pool asks for 'g p u': write a value, !value, in(a, b) or !in(a, b)",
        ),
        (
            "RAYOCR_PREPROCESS__SCALING__MIN_REPLICAS",
            "4",
            "the settings are not valid: preprocess.scaling: Value error, max_replicas is 1, less than min_replicas 4",
        ),
    ],
    ids=["misspelt", "unknown", "out-of-range", "wrong-type", "list", "section", "mapping", "contradiction"],
)
def test_bad_variable_is_refused(name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http: {prot: 1}", "the settings are not valid: http.prot (from file FILE): is not a setting of rayocr"),
        ("htpp: {port: 1}", "the settings are not valid: htpp: is not a setting of rayocr"),
        (
            "http: {port: 0}",
            "the settings are not valid: http.port (from file FILE): "
            "Input should be greater than or equal to 1, not '0'",
        ),
        ("- http", "the settings file FILE holds list, not a mapping of settings"),
    ],
    ids=["unknown-key", "unknown-section", "out-of-range", "no-mapping"],
)
def test_bad_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert caught.value.message == message.replace("FILE", str(path))


def test_broken_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("http: [")
    with pytest.raises(ConfigurationError, match="is not valid YAML: while parsing a flow"):
        load_settings(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.yaml can't be read: No such file or directory"):
        load_settings(tmp_path / "gone.yaml")


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("http: {port: 0, prot: 1}")
    with pytest.raises(ConfigurationError, match=r"http\.port .*; http\.prot "):
        load_settings(path)


def test_paths_name_every_single_setting() -> None:
    paths = list(setting_paths())
    assert paths[:4] == ["bundle", "bundles", "bundles_min_replicas", "bundle_start_timeout_s"]
    assert "recognition.net.precision" in paths
    assert "recognition" not in paths


@pytest.mark.parametrize("path", list(setting_paths()))
def test_setting_one_value_changes_no_other(path: str) -> None:
    # a section that is set in part is made anew from its class, not from the instance that stands as its default
    value: object = load_settings().settings
    for name in path.split("."):
        value = getattr(value, name)
    assert load_settings(overrides={path: value}).settings == load_settings().settings
