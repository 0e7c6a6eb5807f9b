"""Runs nets in ONNX Runtime, on the CPU and, with the package onnxruntime-gpu, on CUDA."""

from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.errors import ConfigurationError, ModelOutputError
from models.runtime.base import NetOptions, Pixels, Runtime, normalized, probabilities

__all__ = ["OnnxRuntime"]


class OnnxRuntime(Runtime):
    """A net in an ONNX Runtime session."""

    def __init__(self, session: ort.InferenceSession, options: NetOptions) -> None:
        self._session = session
        self._options = options
        self._input_name = session.get_inputs()[0].name
        self._run_options = ort.RunOptions()
        if options.device.kind == "cpu":
            # The arena would keep the largest block of every shape: 3 GB on varied pages.
            self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    @classmethod
    def load(cls, path: Path, options: NetOptions) -> Self:  # noqa: D102 - see Runtime
        if options.precision != "f32":
            raise ConfigurationError(
                f"ONNX Runtime runs this net in f32, not {options.precision}: set precision to f32, or "
                "runtime to openvino"
            )
        session_options = ort.SessionOptions()
        # Calls come from several threads; each runs on its own.
        session_options.intra_op_num_threads = 1
        session_options.inter_op_num_threads = 1
        session_options.log_severity_level = 3
        # Spinning threads of idle replicas would take the cores from busy ones.
        session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = ort.InferenceSession(str(path), session_options, providers=_providers(options))
        except Exception as exc:  # the binding's exceptions share no public base
            raise ConfigurationError(f"ONNX Runtime can't load {path.name} on {options.device}: {exc}") from exc
        if options.device.kind == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
            # ONNX Runtime falls back to the CPU with only a log line.
            raise ConfigurationError(
                f"device {options.device} was asked for, but ONNX Runtime could not start CUDA for {path.name}: "
                "check the driver and the CUDA and cuDNN libraries, or set device to cpu or auto"
            )
        return cls(session, options)

    def run(self, batch: Pixels, watched: int = 0) -> tuple[npt.NDArray[np.generic], ...]:  # noqa: D102 - see Runtime
        inputs = {self._input_name: normalized(batch, self._options.input)}
        try:
            outputs = self._session.run(None, inputs, self._run_options)
        except Exception as exc:  # the binding's exceptions share no public base
            raise ModelOutputError(f"ONNX Runtime failed on an input of shape {batch.shape}: {exc}") from exc
        if self._options.head == "all":
            return tuple(outputs)
        output = probabilities(outputs[0], self._options.activation)
        if self._options.head == "map":
            return (output,)
        classes = output.argmax(axis=-1)
        of_best = np.take_along_axis(output, classes[..., None], axis=-1)[..., 0]
        return classes.astype(np.int32), of_best, output[..., watched].copy()

    def metadata(self) -> dict[str, str]:  # noqa: D102 - see Runtime
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def is_batchable(self) -> bool:  # noqa: D102 - see Runtime
        return not isinstance(self._session.get_inputs()[0].shape[0], int)

    def class_count(self) -> int | None:  # noqa: D102 - see Runtime
        # ONNX Runtime gives an open axis as a name.
        size = self._session.get_outputs()[0].shape[-1]
        return size if isinstance(size, int) else None


def _providers(options: NetOptions) -> list[str | tuple[str, dict[str, str | int]]]:
    if options.device.kind != "cuda":
        return ["CPUExecutionProvider"]
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    cuda: dict[str, str | int] = {
        "device_id": options.device.index,
        "arena_extend_strategy": "kSameAsRequested",
        # EXHAUSTIVE would search anew for each of the many shapes of pages and lines.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    return [("CUDAExecutionProvider", cuda), "CPUExecutionProvider"]
