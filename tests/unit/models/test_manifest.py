"""Manifests: what ships is valid and there, and what is wrong in one is said."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.errors import ConfigurationError
from models.manifests import BundleManifest, list_manifests, load_manifest, verified_path
from models.manifests.manifest import recipe_path

ROOT = Path(__file__).parents[3]


def changed(path: str, value: object) -> dict[str, Any]:
    """The shipped manifest with one value changed; `path` is dotted."""
    manifest: dict[str, Any] = load_manifest("ppocrv6-small").model_dump(mode="json", exclude_none=True)
    *parents, key = path.split(".")
    node = manifest
    for parent in parents:
        node = node[parent]
    node[key] = value
    return manifest


def written(folder: Path, manifest: object) -> str:
    path = folder / "other.yaml"
    path.write_text(yaml.safe_dump(manifest))
    return str(path)


def test_default_bundle_ships() -> None:
    assert "ppocrv6-small" in list_manifests()


@pytest.mark.parametrize("name", list_manifests())
def test_shipped_manifest_bears_its_name(name: str) -> None:
    assert load_manifest(name).name == name


@pytest.mark.parametrize("name", list_manifests())
def test_files_of_a_shipped_manifest_are_there_and_as_promised(name: str) -> None:
    paths = [verified_path(file) for file in load_manifest(name).files().values()]
    assert {path.suffix for path in paths} <= {".onnx", ".txt"}


def test_manifest_is_found_by_its_path(tmp_path: Path) -> None:
    assert load_manifest(written(tmp_path, changed("name", "another"))).name == "another"


def test_charset_file_is_one_of_the_files() -> None:
    file = {"source": "file:charset.txt", "sha256": "0" * 64}
    manifest = BundleManifest.model_validate(
        changed("recognition.charset", {"file": file, "blank": "last", "append_space": False})
    )
    assert manifest.files()["charset"].source == "file:charset.txt"


def test_manifest_of_another_version_than_the_settings_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes((ROOT / "models/manifests/ppocrv5-mobile.yaml").read_bytes())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert load_manifest(f"{path}@sha256:{digest}") == load_manifest("ppocrv5-mobile")
    with path.open("a") as file:
        file.write("# newer\n")
    with pytest.raises(ConfigurationError, match=f"own.yaml has SHA-256 .*, the settings say {digest}: it is another"):
        load_manifest(f"{path}@sha256:{digest}")


def test_unknown_bundle_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"no model bundle 'ppocr': known bundles: .*, ppocrv6-small, .*"):
        load_manifest("ppocr")


def test_missing_manifest_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load_manifest(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    "content",
    [
        b"name: [",
        b"",
        b"- a\n- b\n",
        b"just words",
        b"\x00\x01\x02",
        b"\xff\xfe\xfa",
        b"name: !!python/object:os.system x",
    ],
    ids=["bad YAML", "empty", "a list", "a string", "control characters", "not UTF-8", "an object"],
)
def test_file_that_is_no_manifest_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"manifest broken\.yaml is not valid"):
        load_manifest(str(path))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("name", "Has Spaces", "the name is part of addresses"),
        ("licence", "Apache-2.0", "an unknown key at the top"),
        ("detection.treshold", 0.3, "a misspelt key"),
        ("detection.algorithm", "east", "an algorithm that is not there"),
        ("detection.threshold", 1.5, "no probability"),
        ("detection.unclip_ratio", 0, "no growth"),
        ("detection.size_multiple_px", 0, "division by zero"),
        ("detection.input.channels", "rgba", "four channels"),
        ("detection.input.mean", [0.5, 0.5], "two channels"),
        ("detection.input.std", [0.5, 0.0, 0.5], "division by zero"),
        ("detection.file.sha256", "abc", "no SHA-256"),
        ("detection.file.sha256", "A" * 64, "capital letters never compare equal"),
        ("detection.file.source", "http://example.org/a.onnx", "unencrypted"),
        ("detection.file.source", "package:", "nothing named"),
        ("recognition.height_px", 0, "no height"),
        ("recognition.width_multiple_px", 65, "coarser than the table"),
        ("recognition.charset.blank", "middle", "no such place"),
        ("recognition.charset.metadata_key", None, "no charset at all"),
        ("recognition.charset.file", {"source": "file:a.txt", "sha256": "0" * 64}, "two charsets"),
    ],
)
def test_wrong_value_is_refused(tmp_path: Path, path: str, value: object, reason: str) -> None:
    name = written(tmp_path, changed(path, value))
    with pytest.raises(ConfigurationError) as caught:
        load_manifest(name)
    assert caught.value.message.startswith("manifest other.yaml is not valid: 1 validation error"), reason
    # a fault of two keys together is told of the section that holds them
    section = path.rpartition(".")[0] if "charset" in path and not path.endswith("blank") else path
    assert f"\n{section}" in caught.value.message


@pytest.mark.parametrize("key", ["license", "detection", "recognition"])
def test_missing_key_is_refused(tmp_path: Path, key: str) -> None:
    manifest = {name: value for name, value in changed("name", "other").items() if name != key}
    with pytest.raises(ConfigurationError, match=rf"{key}\n +Field required"):
        load_manifest(written(tmp_path, manifest))


def with_recipe(folder: Path, recipe: bytes | None, field: str = "int8") -> str:
    """A manifest whose recognizer names the recipe `int8/mine.yaml` beside it, with this content."""
    if recipe is not None:
        (folder / "int8").mkdir()
        (folder / "int8" / "mine.yaml").write_bytes(recipe)
    path = folder / "other.yaml"
    path.write_text(yaml.safe_dump(changed(f"recognition.{field}", "mine.yaml")))
    return str(path)


def recipe_of(sha256: str, activations: object) -> bytes:
    return yaml.safe_dump({"sha256": sha256, "activations": activations}).encode()


RECOGNIZER = load_manifest("ppocrv6-small").recognition.file.sha256


@pytest.mark.parametrize("field", ["int8", "int8_documents"])
def test_recipe_is_read_from_the_folder_int8_beside_the_manifest(tmp_path: Path, field: str) -> None:
    name = with_recipe(tmp_path, recipe_of(RECOGNIZER, {"Conv.7": [-0.5, 2]}), field)
    recipe = getattr(load_manifest(name).recognition, field)
    assert recipe.activations == {"Conv.7": (-0.5, 2.0)}


@pytest.mark.parametrize("own", [True, False])
def test_documents_have_their_recipe_or_the_common_one(own: bool) -> None:
    manifest = load_manifest("ppocrv6-small").recognition
    assert manifest.int8 != manifest.int8_documents
    if own:
        assert manifest.for_documents().int8 == manifest.int8_documents
    else:
        without = manifest.model_copy(update={"int8_documents": None})
        assert without.for_documents().int8 == manifest.int8


@pytest.mark.parametrize("field", ["int8", "int8_documents"])
def test_recipe_of_another_file_is_refused(tmp_path: Path, field: str) -> None:
    name = with_recipe(tmp_path, recipe_of("0" * 64, {"Conv.7": [0, 1]}), field)
    with pytest.raises(ConfigurationError, match=r"other\.yaml is not valid: 1 validation error") as caught:
        load_manifest(name)
    assert "\nrecognition\n" in caught.value.message
    assert "the int8 recipe was made for another file: make it anew" in caught.value.message


def test_missing_recipe_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_manifest(with_recipe(tmp_path, None))
    assert "\nrecognition.int8\n" in caught.value.message
    assert "no int8 recipe 'mine.yaml' in the folder int8 beside the manifest: No such file" in caught.value.message


@pytest.mark.parametrize(
    "recipe",
    [
        b"activations: [",
        b"",
        b"- Conv.7",
        recipe_of("abc", {}),
        recipe_of(RECOGNIZER, {"Conv.7": [0]}),
        recipe_of(RECOGNIZER, {"Conv.7": ["low", "high"]}),
        recipe_of(RECOGNIZER, None),
    ],
    ids=["bad YAML", "empty", "a list", "no SHA-256", "one bound", "words", "no ranges"],
)
def test_broken_recipe_is_refused(tmp_path: Path, recipe: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"manifest other\.yaml is not valid"):
        load_manifest(with_recipe(tmp_path, recipe))


@pytest.mark.parametrize("name", list_manifests())
@pytest.mark.parametrize("net", ["detection", "recognition", "recognition-documents"])
def test_shipped_recipe_is_of_the_shipped_net(name: str, net: str) -> None:
    # also one that no manifest names yet: a new net must not leave an old recipe behind
    path = recipe_path(name, net)
    if path.exists():
        part = getattr(load_manifest(name), net.partition("-")[0])
        assert yaml.safe_load(path.read_bytes())["sha256"] == part.file.sha256


def test_recipes_are_no_bundles() -> None:
    recipes = recipe_path("ppocrv6-small", "recognition")
    assert recipes.exists()
    assert not {path.stem for path in recipes.parent.iterdir()} & set(list_manifests())
    assert list_manifests() == ["ppocrv4-mobile", "ppocrv5-mobile", "ppocrv6-small", "ppocrv6-tiny"]
