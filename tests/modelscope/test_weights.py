"""Files of weights that can't be imported: each a sentence, and nothing left behind."""

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.importing import ImportOptions, import_modelscope

pytestmark = pytest.mark.timeout(600)

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys, torch
from modelscope.models.cv.ocr_recognition.modules.LightweightEdge.main_model import LightweightEdge
state = LightweightEdge().state_dict()
torch.save(state, "sound.pt")
torch.save({f"module.recognizer.{key}": value for key, value in state.items()}, "wrapped.pt")
torch.save({**state, "head.weight": state["head.weight"][:100]}, "small.pt")
torch.save({key: value for key, value in state.items() if not key.startswith("head")}, "headless.pt")
torch.save({"epoch": 3, "state": state}, "nested.pt")
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    subprocess.run([_ROOT / ".venv-import/bin/python", "-c", _PROGRAM], cwd=folder, check=True)
    sound = (folder / "sound.pt").read_bytes()
    (folder / "truncated.pt").write_bytes(sound[: len(sound) // 2])
    (folder / "empty.pt").write_bytes(b"")
    (folder / "text.pt").write_text("version https://git-lfs.github.com/spec/v1\n")
    return folder


@pytest.fixture
def import_weights(tmp_path: Path) -> Callable[[bytes], Path]:
    def run(content: bytes) -> Path:
        folder = tmp_path / "net"
        folder.mkdir()
        settings = {"do_chunking": False, "img_height": 32, "img_width": 640}
        model = {"recognizer": "LightweightEdge", "inference_kwargs": settings}
        (folder / "configuration.json").write_text(json.dumps({"task": "ocr-recognition", "model": model}))
        (folder / "vocab.txt").write_text("".join(f"{chr(0x4E00 + index)}\n" for index in range(7642)))
        (folder / "pytorch_model.pt").write_bytes(content)
        import_modelscope([folder], ImportOptions(tmp_path / "bundle", "mine"))
        return tmp_path / "bundle"

    return run


@pytest.mark.parametrize("name", ["sound", "wrapped"])
def test_weights_of_the_hub_and_of_training_are_taken(
    weights: Path, import_weights: Callable[[bytes], Path], name: str
) -> None:
    bundle = import_weights((weights / f"{name}.pt").read_bytes())
    assert {path.name for path in bundle.iterdir()} == {"charset.txt", "manifest.yaml", "recognition.onnx"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated", "is damaged, or not a file of PyTorch's"),
        ("empty", "is damaged, or not a file of PyTorch's"),
        ("text", "is damaged, or not a file of PyTorch's"),
        (
            "small",
            r"is of another net: head\.weight has the shape \(100, 128\), that of LightweightEdge is \(7644, 128\)",
        ),
        ("headless", r"lacks 2 of the \d+ tensors of LightweightEdge, such as head\.weight"),
        ("nested", "is not a state dictionary"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, weights: Path, import_weights: Callable[[bytes], Path], name: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"pytorch_model\.pt {reason}"):
        import_weights((weights / f"{name}.pt").read_bytes())
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


class Command:
    """An object that runs a command when it is unpickled."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.text,)


def test_pickle_that_wants_more_than_tensors_is_refused_and_not_run(
    tmp_path: Path, import_weights: Callable[[bytes], Path]
) -> None:
    content = pickle.dumps({"head.weight": Command(f"touch {tmp_path}/run")}, protocol=2)
    with pytest.raises(ConfigurationError, match=r"holds more than tensors, \w+\.system, which is refused"):
        import_weights(content)
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
