"""The other commands, and what they all share."""

import shutil
from pathlib import Path

import pytest
import yaml

from models.manifests import load_manifest, verified_path
from tests.integration.cli.conftest import Rayocr


def test_version_names_all_that_matters(rayocr: Rayocr) -> None:
    done = rayocr(["version"])
    names = [line.rpartition("  ")[0].strip() for line in done.stdout.decode().splitlines()]
    assert names == ["rayocr", "Python", "Ray", "OpenVINO", "ONNX Runtime", "ONNX Runtime for CUDA"]
    assert rayocr(["--version"]).stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reed"], "rayocr: no such command 'reed'. Did you mean 'read'?; see rayocr --help\n"),
        (["read"], "rayocr: missing argument 'SOURCE'; see rayocr read --help\n"),
        (["version", "--fast"], "rayocr: no such option: --fast; see rayocr version --help\n"),
    ],
    ids=["command", "argument", "option"],
)
def test_wrong_usage_ends_with_64_and_one_line(rayocr: Rayocr, arguments: list[str], message: str) -> None:
    done = rayocr(arguments)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (64, b"", message)


def test_debug_shows_the_traceback(rayocr: Rayocr) -> None:
    done = rayocr(["--debug", "read", "gone.png"])
    assert done.returncode == 66
    assert done.stderr.startswith(b"Traceback")
    assert done.stderr.endswith(b"rayocr: gone.png does not exist\n")


def test_config_shows_value_and_origin(rayocr: Rayocr, tmp_path: Path) -> None:
    file = tmp_path / "rayocr.yaml"
    file.write_text("logging: {level: DEBUG}\n")
    done = rayocr(["config", "--config", file], variables={"RAYOCR_HTTP__PORT": "9002"})
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.decode().splitlines()}
    assert rows["http.port"] == ["9002", "environment RAYOCR_HTTP__PORT"]
    assert rows["logging.level"] == ["DEBUG", f"file {file}"]
    assert rows["http.host"] == ["127.0.0.1", "default"]


def test_config_as_yaml_can_be_given_back(rayocr: Rayocr, tmp_path: Path) -> None:
    variables = {"RAYOCR_STORAGE__HTTPS_PORTS": "[443, 8443]", "RAYOCR_HTTP__LABEL_SELECTOR": '{"pool": "cpu"}'}
    first = rayocr(["config", "--format", "yaml"], variables=variables)
    assert yaml.safe_load(first.stdout)["storage"]["https_ports"] == [443, 8443]
    assert yaml.safe_load(first.stdout)["http"]["label_selector"] == {"pool": "cpu"}
    file = tmp_path / "again.yaml"
    file.write_bytes(first.stdout)
    second = rayocr(["config", "--format", "yaml", "--config", file])
    assert (second.returncode, yaml.safe_load(second.stdout)) == (0, yaml.safe_load(first.stdout))


def test_unknown_variable_ends_with_78(rayocr: Rayocr) -> None:
    done = rayocr(["config"], variables={"RAYOCR_HTTP__PROT": "1"})
    assert (done.returncode, done.stdout) == (78, b"")
    assert b"did you mean RAYOCR_HTTP__PORT?" in done.stderr


def test_models_list_names_license_and_files(rayocr: Rayocr) -> None:
    done = rayocr(["models", "list"])
    lines = [line.split(maxsplit=1) for line in done.stdout.decode().splitlines()]
    names = [line[0] for line in lines if len(line) == 1]
    assert names == ["ppocrv4-mobile", "ppocrv5-mobile", "ppocrv6-small", "ppocrv6-tiny"]
    assert ["license", "Apache-2.0"] in lines
    assert ["detection", load_manifest("ppocrv6-small").detection.file.source] in lines


def test_models_verify_prints_a_line_for_each_file(rayocr: Rayocr) -> None:
    done = rayocr(["models", "verify"])
    assert [line.split()[:3] for line in done.stdout.decode().splitlines()] == [
        ["ok", "ppocrv6-small", "detection"],
        ["ok", "ppocrv6-small", "detection_documents"],
        ["ok", "ppocrv6-small", "recognition"],
        ["ok", "ppocrv6-small", "direction"],
    ]
    assert done.returncode == 0


def test_damaged_model_file_is_named_and_ends_with_78(rayocr: Rayocr, tmp_path: Path) -> None:
    bundle = load_manifest("ppocrv6-small")
    damaged = tmp_path / "detection.onnx"
    shutil.copy(verified_path(bundle.detection.file), damaged)
    with damaged.open("r+b") as file:
        file.write(b"x")
    values = bundle.model_dump(mode="json")
    values["detection"]["file"]["source"] = f"file:{damaged}"
    manifest = tmp_path / "bundle.yaml"
    manifest.write_text(yaml.safe_dump(values))

    done = rayocr(["models", "verify", manifest])

    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ["FAILED", "ok", "ok", "ok"]
    assert f"replace {damaged}".encode() in done.stderr
    assert done.returncode == 78


def test_serve_refuses_a_port_out_of_range(rayocr: Rayocr) -> None:
    done = rayocr(["serve", "--port", "70000"])
    assert done.returncode == 78
    assert done.stderr == (
        b"rayocr: the settings are not valid: http.port (from command line): "
        b"Input should be less than or equal to 65535, not '70000'\n"
    )
