"""Rules of the house that no linter checks. Each test names all that break a rule at once."""

import ast
import re
import sys
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = ("serve", "deployments", "models", "loadtest")
CLIENT = "rayocr"  # the Python client, of clients/python
FOLDERS = (*PACKAGES, "tools")
LOCKS = ("run", "gpu", "dev", "peers", "docs", "audit", "tools", "weights", "models")
ROOM_FOR_RAY = "serve/ray_patches/"
MAX_LINES = 400
MAX_FILES = 14

Tree = Mapping[str, ast.Module]
"""Modules by their path from the repository's root."""


def files_in(*folders: str) -> Iterator[str]:
    yield from sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def parsed(*folders: str) -> Tree:
    return {file: ast.parse((ROOT / file).read_text()) for file in files_in(*folders)}


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
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FOLDERS)
        for alias in node.names
    }


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Modules that a module imports anywhere in it, with the names taken from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def all_names_what_is_there(modules: Tree) -> Iterator[str]:
    for file, tree in modules.items():
        for name in sorted(set(exported_names(tree)) - set(bound_names(tree))):
            yield f"{file}: __all__ has {name}, which is not there"


def packages_export_what_they_take(modules: Tree) -> Iterator[str]:
    for file, tree in modules.items():
        if file.endswith("__init__.py"):
            for name in sorted(reexported_names(tree) - set(exported_names(tree))):
                yield f"{file}: takes {name} from its modules, and does not export it"


def packages_say_what_lives_there(modules: Tree) -> Iterator[str]:
    for file, tree in modules.items():
        if file.endswith("__init__.py"):
            sentences = re.findall(r"[.?!](?=\s|$)", ast.get_docstring(tree) or "")
            if len(sentences) < 2:
                yield f"{file}: two sentences say what lives there and what does not"


def folders_are_small(modules: Tree) -> Iterator[str]:
    files = Counter(str(Path(file).parent) for file in modules if not file.endswith("__init__.py"))
    for folder, count in files.items():
        if count > MAX_FILES:
            yield f"{folder}: {count} files, at most {MAX_FILES}: make rooms"


def rays_private_names_have_one_room(modules: Tree) -> Iterator[str]:
    for file, tree in modules.items():
        if file.startswith(ROOM_FOR_RAY):
            continue
        for module in imported_modules(tree):
            if re.match(r"ray\.(.*\.)?_", module):
                yield f"{file}: {module} belongs to {ROOM_FOR_RAY}"
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if re.match(r"(__RAY|RAY)_(?!(ADDRESS|TMPDIR)$)\w+$", node.value):
                yield f"{file}: the variable {node.value} belongs to {ROOM_FOR_RAY}"


RULES: tuple[Callable[[Tree], Iterator[str]], ...] = (
    all_names_what_is_there,
    packages_export_what_they_take,
    packages_say_what_lives_there,
    folders_are_small,
    rays_private_names_have_one_room,
)


def test_modules_keep_the_rules() -> None:
    modules = parsed(*FOLDERS)
    breaches = [breach for rule in RULES for breach in rule(modules)]
    assert not breaches, "\n".join(breaches)


def test_files_are_short() -> None:
    lines = {file: len((ROOT / file).read_text().splitlines()) for file in files_in(*FOLDERS, "tests")}
    long = [f"{file}: {count} lines, at most {MAX_LINES}" for file, count in lines.items() if count > MAX_LINES]
    assert not long, "\n".join(long)


def test_every_imported_distribution_is_declared() -> None:
    toml = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = toml["project"]["optional-dependencies"]
    requirements = [*toml["project"]["dependencies"], *(one for extra in extras.values() for one in extra)]
    declared = {re.split(r"[\[=<>~!]", requirement)[0] for requirement in requirements}
    # A program that runs in the environment of `make import-tools`.
    of_import = {re.split(r"[\[=<>~!]", requirement)[0] for requirement in toml["dependency-groups"]["import"]}
    distributions = packages_distributions()
    builtin = {*PACKAGES, CLIENT, *sys.stdlib_module_names, "_typeshed"}  # the last exists only for type checkers
    undeclared = set()
    for file, tree in parsed(*PACKAGES).items():
        for top in {module.split(".")[0] for module in imported_modules(tree)} - builtin:
            names = {name.lower().replace("_", "-") for name in distributions.get(top, [top])}
            if not names & (declared | (of_import if file == "models/importing/to_onnx.py" else set())):
                undeclared.add((file, top))
    assert undeclared == set()


def pinned(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def breaches_of_lock(lock: str) -> Iterator[str]:
    text, pins, run = (ROOT / "requirements" / f"{lock}.lock").read_text(), pinned(lock), pinned("run")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    if len(blocks) != len(pins) or not pins:
        yield f"{len(blocks)} requirements, {len(pins)} of them pinned"
    yield from (f"no hash: {block.split()[0]}" for block in blocks if "--hash=sha256:" not in block)
    addresses = re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*", text)
    yield from (f"an address: {address}" for address in addresses)
    yield from (f"opencv twice: {name}" for name in pins if re.match("opencv(?!-python-headless$)", name))
    if lock != "tools":
        other = {name for name, version in pins.items() if run.get(name, version) != version}
        yield from (f"not the version of run.lock: {name}" for name in sorted(other))


def test_locks_keep_the_rules() -> None:
    breaches = [f"{lock}.lock: {breach}" for lock in LOCKS for breach in breaches_of_lock(lock)]
    assert not breaches, "\n".join(breaches)
    runtimes = {lock: {name for name in pinned(lock) if name.startswith("onnxruntime")} for lock in ("run", "gpu")}
    assert runtimes == {"run": {"onnxruntime"}, "gpu": {"onnxruntime-gpu"}}
    overrides = "".join(path.read_text() for path in (ROOT / "requirements").glob("overrides*.txt"))
    unwanted = set(re.findall(r"^([a-z0-9-]+) ;", overrides, re.MULTILINE))
    assert unwanted == {"fsspec", "openvino-telemetry"}
    assert unwanted & {*pinned("run"), *pinned("gpu")} == set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
    assert project["dependency-groups"]["build"] == [f"hatchling=={pinned('run')['hatchling']}"]


def test_wheel_carries_the_manifests_their_recipes_and_templates(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(wheel).namelist())
    manifests = {str(path.relative_to(ROOT)) for path in (ROOT / "models/manifests").rglob("*.yaml")}
    assert {Path(name).parent.name for name in manifests} == {"manifests", "int8", "structure"}
    templates = {str(path.relative_to(ROOT)) for path in (ROOT / "models/export/templates").iterdir()}
    assert manifests | templates <= names
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    about = f"rayocr-{version}.dist-info"
    assert {name.split("/")[0] for name in names} == {*PACKAGES, CLIENT, about}
    # its packages have names so general that they would shadow those of others
    assert b"Classifier: Private :: Do Not Upload\n" in zipfile.ZipFile(wheel).read(f"{about}/METADATA")
