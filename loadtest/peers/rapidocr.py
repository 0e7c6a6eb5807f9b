"""RapidOCR, called in this process with its defaults: one picture after another, each on all cores."""

import importlib
import importlib.metadata
from collections.abc import Iterable
from typing import Protocol

from loadtest.data.labels import ResultLine
from loadtest.errors import LoadtestError
from loadtest.peers.base import LoadedPeer, PeerOptions, PeerReader

__all__ = ["load_rapidocr", "reader_of"]

_THREADS_OPTION = {"openvino": "inference_num_threads", "onnxruntime": "intra_op_num_threads"}


class _RapidOcrOutput(Protocol):
    boxes: Iterable[Iterable[Iterable[float]]] | None
    txts: Iterable[str] | None


class _RapidOcr(Protocol):
    def __call__(self, img_content: bytes) -> _RapidOcrOutput: ...


def load_rapidocr(runtime: str, options: PeerOptions, is_line_classifier_on: bool = True) -> LoadedPeer:
    """Load RapidOCR.

    Args:
        runtime: `openvino` or `onnxruntime`: the runtime's distribution, and RapidOCR's name for its settings.
        options: Its threads hold for the runtime and for OpenCV.
        is_line_classifier_on: Whether it looks for lines upside down, its default.

    Raises:
        LoadtestError: It is not installed here.
    """
    try:
        module = importlib.import_module("rapidocr")
        importlib.import_module(runtime)
        versions = [f"{name} {importlib.metadata.version(name)}" for name in ("rapidocr", runtime)]
    except ImportError as exc:
        raise LoadtestError(
            f"RapidOCR with {runtime} is not installed in this environment ({exc}); requirements/peers.lock holds it: "
            "make .venv-peers/.run, then give that interpreter"
        ) from exc
    engine_type = module.EngineType(runtime)
    parameters: dict[str, object] = {
        "Global.log_level": "critical",
        "Global.use_cls": is_line_classifier_on,
        **{f"{stage}.engine_type": engine_type for stage in ("Det", "Cls", "Rec")},
    }
    if options.threads is not None:
        parameters[f"EngineConfig.{runtime}.{_THREADS_OPTION[runtime]}"] = options.threads
        importlib.import_module("cv2").setNumThreads(options.threads)
    details = f"threads {options.threads or 'default'}, line classifier {'on' if is_line_classifier_on else 'off'}"
    return LoadedPeer(f"{', '.join(versions)} ({details})", reader_of(module.RapidOCR(params=parameters)))


def reader_of(engine: _RapidOcr) -> PeerReader:
    """Reader of an engine with the interface of RapidOCR."""

    def read(content: bytes) -> list[ResultLine]:
        output = engine(content)
        if output.txts is None or output.boxes is None:
            return []  # how it says that it found no text
        return [
            ResultLine(text, [(float(x), float(y)) for x, y in box])
            for text, box in zip(output.txts, output.boxes, strict=True)
        ]

    return read
