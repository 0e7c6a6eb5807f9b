"""Rules of the house that no linter checks."""

import ast
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = ("serve", "deployments", "models", "loadtest")
LOCKS = ("run", "gpu", "dev", "peers", "docs", "tools")
MAX_LINES = 400


def python_files(*folders: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def pinned(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def bound_names(tree: ast.Module) -> Iterator[str]:
    """Names that a module's top level binds, `if` and `try` blocks aside."""
    for node in tree.body:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def exported_names(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def reexported_names(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES)
        for alias in node.names
    }


@pytest.mark.parametrize("file", python_files(*PACKAGES))
def test_all_names_only_what_is_there(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert set(exported_names(tree)) - set(bound_names(tree)) == set()


@pytest.mark.parametrize("file", [file for file in python_files(*PACKAGES) if file.endswith("__init__.py")])
def test_package_exports_what_it_takes_from_its_modules(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert reexported_names(tree) - set(exported_names(tree)) == set()


def test_every_imported_distribution_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *extras["cpu"], *extras["gpu"]]
    declared = {re.split(r"[\[=<>~!]", requirement)[0] for requirement in requirements}
    distributions = packages_distributions()
    builtin = {*PACKAGES, *sys.stdlib_module_names, "_typeshed"}  # the last exists only for type checkers
    undeclared = set()
    for file in python_files(*PACKAGES):
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            for top in {module.split(".")[0] for module in modules} - builtin:
                names = {name.lower().replace("_", "-") for name in distributions.get(top, [top])}
                if not names & declared:
                    undeclared.add((file, top))
    assert undeclared == set()


@pytest.mark.parametrize("file", python_files(*PACKAGES, "tests"))
def test_file_is_short(file: str) -> None:
    lines = len((ROOT / file).read_text().splitlines())
    assert lines <= MAX_LINES, "one subject a file: split it"


@pytest.mark.parametrize("lock", LOCKS)
def test_each_requirement_of_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pinned(lock)) > 0
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*", text) == []


@pytest.mark.parametrize("lock", ["gpu", "dev", "peers", "docs"])
def test_locks_agree_on_versions(lock: str) -> None:
    run = pinned("run")
    assert {name: version for name, version in pinned(lock).items() if run.get(name, version) != version} == {}


def test_each_environment_has_one_onnxruntime() -> None:
    assert "onnxruntime" in pinned("run")
    assert "onnxruntime-gpu" not in pinned("run")
    assert "onnxruntime-gpu" in pinned("gpu")
    assert "onnxruntime" not in pinned("gpu")


@pytest.mark.parametrize("lock", LOCKS)
def test_only_headless_opencv_is_locked(lock: str) -> None:
    assert {name for name in pinned(lock) if name.startswith("opencv")} <= {"opencv-python-headless"}


@pytest.mark.parametrize("lock", ["run", "gpu"])
def test_overridden_packages_are_left_out(lock: str) -> None:
    overrides = "".join(path.read_text() for path in (ROOT / "requirements").glob("overrides*.txt"))
    unwanted = set(re.findall(r"^([a-z0-9-]+) ;", overrides, re.MULTILINE))
    assert unwanted == {"colorlog", "fsspec", "omegaconf", "openvino-telemetry", "pyclipper", "shapely"}
    assert unwanted & set(pinned(lock)) == set()


def test_build_backend_comes_from_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
    assert project["dependency-groups"]["build"] == [f"hatchling=={pinned('run')['hatchling']}"]


def test_wheel_carries_the_manifests_and_their_recipes(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(wheel).namelist())
    manifests = {str(path.relative_to(ROOT)) for path in (ROOT / "models/manifests").rglob("*.yaml")}
    assert {Path(name).parent.name for name in manifests} == {"manifests", "int8"}
    assert manifests <= names
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    about = f"rayocr-{version}.dist-info"
    assert {name.split("/")[0] for name in names} <= {*PACKAGES, about}
    # its packages have names so general that they would shadow those of others
    assert b"Classifier: Private :: Do Not Upload\n" in zipfile.ZipFile(wheel).read(f"{about}/METADATA")
