"""Model files that lie on this machine. Fetched ones: tests/integration/models/test_fetched_files.py."""

import hashlib
import importlib.metadata
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.manifests import load_manifest, verified_path
from models.manifests.manifest import ModelFile
from models.manifests.sources import model_cache_dir

CONTENT = b"not really a net"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHIPPED = load_manifest("ppocrv6-small").recognition.file
VERSION = importlib.metadata.version("rapidocr")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    result = tmp_path / "a net.onnx"
    result.write_bytes(CONTENT)
    return result


@pytest.mark.parametrize("prefix", ["file:", "file://"])
def test_file_with_the_right_hash_is_handed_out_where_it_lies(path: Path, prefix: str) -> None:
    assert verified_path(ModelFile(source=f"{prefix}{path}", sha256=SHA256)) == path


def test_changed_file_is_refused_with_both_hashes_and_its_path(path: Path) -> None:
    path.write_bytes(CONTENT + b"!")
    found = hashlib.sha256(CONTENT + b"!").hexdigest()
    with pytest.raises(ConfigurationError) as caught:
        verified_path(ModelFile(source=f"file:{path}", sha256=SHA256))
    assert found in caught.value.message
    assert SHA256 in caught.value.message
    assert caught.value.message.endswith(f"replace {path}")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        verified_path(ModelFile(source=f"file:{tmp_path / 'none.onnx'}", sha256=SHA256))


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        verified_path(ModelFile(source=f"file:{tmp_path}", sha256=SHA256))


def test_file_of_a_package_is_found_without_its_version_too() -> None:
    assert verified_path(SHIPPED).name == "PP-OCRv6_rec_small.onnx"
    source = SHIPPED.source.replace(f"=={VERSION}", "")
    assert verified_path(SHIPPED.model_copy(update={"source": source})) == verified_path(SHIPPED)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "package:no-such-package==1.0/models/a.onnx",
            "the package no-such-package is not installed; `make models` installs those of all bundles that rayocr "
            "ships with",
        ),
        ("package:rapidocr==0.0.1/models/a.onnx", f"rapidocr {VERSION} is installed; install rapidocr==0.0.1"),
        (f"package:rapidocr=={VERSION}/models/none.onnx", f"rapidocr {VERSION} holds no models/none.onnx"),
        (f"package:rapidocr=={VERSION}/models", f"rapidocr {VERSION} holds no models"),
        (f"package:rapidocr=={VERSION}", f"rapidocr {VERSION} holds no "),
    ],
)
def test_package_without_the_file_is_refused(source: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        verified_path(ModelFile(source=source, sha256=SHA256))
    assert caught.value.message == f"model file {source}: {message}"


def test_wrong_hash_of_a_package_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=SHIPPED.sha256):
        verified_path(SHIPPED.model_copy(update={"sha256": SHA256}))


def test_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert model_cache_dir() == tmp_path / "rayocr" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert model_cache_dir() == tmp_path / "home" / ".cache" / "rayocr" / "models"
