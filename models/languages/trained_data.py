"""Finds the trained data of Tesseract on this machine, and what each file reads."""

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import langcodes

from models.errors import ConfigurationError
from models.languages.scripts import script_named
from models.languages.tags import language_name, script_of_language, tag_of
from models.manifests import BundleManifest, verified_path

__all__ = ["TrainedData", "how_to_install", "languages_read", "trained_data"]

_ENDING = ".traineddata"
# Where the packages of Debian and Ubuntu, of Fedora, Arch and Alpine, of Homebrew, and `make install` put the files.
_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "/usr/local/share/tessdata",
)
# The language that is read where a script has no file of its own.
_FIRST = ("ara", "ben", "bod", "ell", "heb", "hin", "amh", "mya", "rus", "syr")


@dataclass(frozen=True)
class TrainedData:
    """Files of trained data by their names, such as `rus`.

    Args:
        files: The path of each file.
    """

    files: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def installed(cls) -> "TrainedData":
        """The files that are installed on this machine, in `TESSDATA_PREFIX` if that is set."""
        own = os.environ.get("TESSDATA_PREFIX")
        roots = [Path(own)] if own else [path for pattern in _FOLDERS for path in Path("/").glob(pattern[1:])]
        paths = [
            path for root in reversed(roots) for part in (root, root / "script") for path in part.glob(f"*{_ENDING}")
        ]
        return cls({path.name.removesuffix(_ENDING): path for path in paths})

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The name of the file that reads each language, by the language's tag."""
        found: dict[str, str] = {}
        for name in sorted(self.files):
            if _script_of_file(name) is not None or name in {"osd", "equ"} or name.endswith(("_old", "_vert")):
                continue
            tag = tag_of(name)
            if tag is not None:
                found.setdefault(tag, name)
        return found

    def of_script(self, script: str) -> str | None:
        """The name of the file that reads a script best; None if none does."""
        of_all = next((name for name in self.files if _script_of_file(name) == script), None)
        names = sorted(name for tag, name in self.languages.items() if script_of_language(tag) == script)
        return of_all or next((name for name in _FIRST if name in names), names[0] if names else None)

    def of_languages(self, tags: Sequence[str]) -> str:
        """The names of the files that read languages, as Tesseract takes them: `rus+ukr`.

        Raises:
            ConfigurationError: None is installed for one of them.
        """
        for tag in tags:
            if tag not in self.languages:
                raise ConfigurationError(
                    f"this machine has no trained data for {language_name(tag)} ({tag}): {how_to_install([tag])}"
                )
        return "+".join(self.languages[tag] for tag in tags)

    @contextmanager
    def linked(self, names: str) -> Iterator[str]:
        """A folder with links to some files, since Tesseract takes several of them only from one folder.

        Args:
            names: Names of files, joined by `+`.
        """
        with tempfile.TemporaryDirectory(prefix="rayocr-tessdata-") as folder:
            for name in names.split("+"):
                Path(folder, f"{name}{_ENDING}").symlink_to(self.files[name].resolve())
            yield folder


def trained_data(bundle: BundleManifest) -> TrainedData | None:
    """The trained data for a bundle: what its manifest names, and what is installed; None if it is for no Tesseract.

    Raises:
        ConfigurationError: A file that the manifest names is missing or not the manifest's.
    """
    if bundle.other_languages is None:
        return None
    own = {name: verified_path(file) for name, file in bundle.other_languages.files.items()}
    return TrainedData({**TrainedData.installed().files, **own})


def languages_read(bundle: BundleManifest) -> Mapping[str, str]:
    """What reads each language that a bundle can be asked for: `net`, its own, or `tesseract`.

    Returns:
        The reader by the language's tag, sorted. Where the bundle does not name its languages, only Tesseract's.

    Raises:
        ConfigurationError: A file that the manifest names is missing or not the manifest's.
    """
    data = trained_data(bundle)
    others = {} if data is None else dict.fromkeys(data.languages, "tesseract")
    return dict(sorted({**others, **dict.fromkeys(bundle.languages, "net")}.items()))


def _script_of_file(name: str) -> str | None:
    """The script that a file is for, which reads all of its languages, and Latin words among them."""
    is_for_script = name[:1].isupper() and not name.endswith("_vert")
    return script_named(name.partition("_")[0].upper()) if is_for_script else None


def how_to_install(tags: Collection[str]) -> str:
    """What to do to have trained data for languages."""
    names = {"zh-Hans": "chi-sim", "zh-Hant": "chi-tra", "de-Latf": "frk"}
    packages = " ".join(f"tesseract-ocr-{names.get(tag) or langcodes.Language.get(tag).to_alpha3()}" for tag in tags)
    return f"install it where the service runs (Debian, Ubuntu: apt-get install {packages})"
