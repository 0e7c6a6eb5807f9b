"""Trained data is found where it is installed, and each file's name tells what it reads."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.languages import TrainedData, languages_read
from models.manifests import load_manifest


def folder_of(path: Path, *names: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name in names:
        (path / f"{name}.traineddata").touch()
    return path


def test_files_read_languages_and_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, "rus", "ukr", "chi_sim", "chi_sim_vert", "srp_latn", "osd", "equ", "ita_old", "Cyrillic", "ell")
    folder_of(tmp_path / "script", "Arabic")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    data = TrainedData.installed()
    assert data.languages == {"ru": "rus", "uk": "ukr", "zh-Hans": "chi_sim", "sr-Latn": "srp_latn", "el": "ell"}
    assert data.of_languages(["ru", "el"]) == "rus+ell"
    assert [data.of_script(script) for script in ("Cyrl", "Arab", "Grek", "Thai")] == [
        "Cyrillic",
        "Arabic",
        "ell",
        None,
    ]


def test_script_without_a_file_of_its_own_is_read_with_its_greatest_language() -> None:
    paths = {name: Path(f"{name}.traineddata") for name in ("bel", "rus", "ukr", "kaz", "tha")}
    data = TrainedData(paths)
    assert (data.of_script("Cyrl"), data.of_script("Thai")) == ("rus", "tha")


def test_language_without_a_file_is_told_with_the_package_that_has_it() -> None:
    with pytest.raises(ConfigurationError, match=r"Thai \(th\).*apt-get install tesseract-ocr-tha"):
        TrainedData().of_languages(["th"])


def test_files_of_several_folders_lie_together(tmp_path: Path) -> None:
    one, other = folder_of(tmp_path / "one", "rus"), folder_of(tmp_path / "other", "ara")
    data = TrainedData({"rus": one / "rus.traineddata", "ara": other / "ara.traineddata"})
    with data.linked("rus+ara") as linked:
        assert sorted(path.name for path in Path(linked).iterdir()) == ["ara.traineddata", "rus.traineddata"]


def test_bundle_reads_its_own_languages_with_its_net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(folder_of(tmp_path, "eng", "rus", "tha")))
    bundle = load_manifest("ppocrv6-small", with_recipes=False)
    read = languages_read(bundle)
    assert (read["en"], read["ja"], read["ru"], read["th"]) == ("net", "net", "tesseract", "tesseract")
    assert set(read) == {*bundle.languages, "ru", "th"}
    without = bundle.model_copy(update={"other_languages": None})
    assert set(languages_read(without)) == set(bundle.languages)
