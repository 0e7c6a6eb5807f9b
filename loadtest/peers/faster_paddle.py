"""faster-paddle, a reimplementation of PP-OCRv6 in Rust on ONNX Runtime, which carries its nets."""

import importlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.data.labels import ResultLine
from loadtest.errors import LoadtestError
from loadtest.peers.base import LoadedPeer, PeerOptions

__all__ = ["load_faster_paddle"]


def load_faster_paddle(size: str, options: PeerOptions) -> LoadedPeer:
    """Load it with its defaults, and call it with one picture after another, each on all cores.

    Args:
        size: `small` or `tiny`: which nets of PP-OCRv6. It would download others.
        options: Its threads are the engine's.

    Raises:
        LoadtestError: It is not installed here.
    """
    try:
        module = importlib.import_module("faster_paddle")
        version = importlib.metadata.version("faster-paddle")
    except ImportError as exc:
        raise LoadtestError(
            f"faster-paddle is not installed in this environment ({exc}); requirements/peers.lock holds it: "
            "make .venv-peers/.run, then give that interpreter"
        ) from exc
    engine = module.OcrEngine(model_size=size, threads=options.threads)

    def read(content: bytes) -> Sequence[ResultLine]:
        lines: Mapping[str, Mapping[str, Any]] = engine.ocr(content)["bounds"]
        return [
            ResultLine(line["text"], _box(*line["topLeftCoord"], *line["bottomRightCoord"])) for line in lines.values()
        ]

    return LoadedPeer(f"faster-paddle {version} (PP-OCRv6 {size}, threads {options.threads or 'default'})", read)


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
