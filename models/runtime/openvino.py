"""OpenVINO: bf16 on CPUs that have it, which takes about half the time of f32."""

from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops
from openvino.preprocess import ColorFormat, PrePostProcessor

from models.errors import ConfigurationError, ModelOutputError
from models.runtime.base import NetOptions, Pixels, Runtime

__all__ = ["OpenVino"]

# The first array that OpenVINO's bindings take makes them load NumPy's interface under a lock of their own; two threads
# that do this at once, each holding what the other needs, hang for ever (seen with 2026.4.1). Here one thread does it.
ov.Tensor(np.zeros(1, dtype=np.uint8))


class OpenVino(Runtime):
    """A net compiled by OpenVINO's CPU plug-in, with normalization and arg-max inside its graph."""

    # Compared bit for bit by tests/integration/models/test_batch_invariance.py.
    batch_invariant = True

    def __init__(
        self, request: ov.InferRequest, options: NetOptions, metadata: dict[str, str], class_count: int | None
    ) -> None:
        self._request = request
        self._options = options
        self._metadata = metadata
        self._class_count = class_count

    @classmethod
    def load(cls, path: Path, options: NetOptions) -> Self:  # noqa: D102 - see Runtime
        if options.device.kind == "cuda":
            raise ConfigurationError(
                f"device {options.device} was asked for, but OpenVINO runs on CPUs: set runtime to onnxruntime or auto"
            )
        core = ov.Core()
        try:
            model = core.read_model(path)
            metadata = _metadata(model)
            classes = model.output(0).get_partial_shape()[-1]
            compiled = core.compile_model(_with_pixels_in(model, options), "CPU", _properties(options))
        except RuntimeError as exc:
            raise ConfigurationError(f"OpenVINO can't load {path.name}: {exc}") from exc
        class_count = classes.get_length() if classes.is_static else None
        return cls(compiled.create_infer_request(), options, metadata, class_count)

    def run(self, batch: Pixels) -> tuple[npt.NDArray[np.generic], ...]:  # noqa: D102 - see Runtime
        try:
            outputs = self._request.infer([batch], share_inputs=True, share_outputs=True)
        except RuntimeError as exc:
            raise ModelOutputError(f"OpenVINO failed on an input of shape {batch.shape}: {exc}") from exc
        if self._options.head == "map":
            return (np.array(outputs[0]),)
        probabilities, classes = outputs[0], outputs[1]
        return np.array(classes[..., 0]), np.array(probabilities[..., 0])

    def metadata(self) -> dict[str, str]:  # noqa: D102 - see Runtime
        return dict(self._metadata)

    def class_count(self) -> int | None:  # noqa: D102 - see Runtime
        return self._class_count


# Kernels compiled for shapes seen before. By default 5,000 are kept, at 1 MB a shape: pages come in thousands of sizes.
# 16 cost recognition about 10 % of its speed against 200 (docs/decisions/0009-bounded-shape-cache.md).
_KEPT_SHAPES = 16


def _properties(options: NetOptions) -> dict[str, str | int | bool]:
    return {
        "INFERENCE_NUM_THREADS": options.threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": options.precision,
        "CPU_RUNTIME_CACHE_CAPACITY": _KEPT_SHAPES,
        # Replicas share the cores: pinned threads of two replicas would land on the same one.
        "ENABLE_CPU_PINNING": False,
    }


def _metadata(model: ov.Model) -> dict[str, str]:
    # OpenVINO keeps an ONNX file's custom metadata below the runtime information's "framework" node.
    if not model.has_rt_info("framework"):
        return {}
    framework = model.get_rt_info("framework")
    return {key: str(value.astype(str)) for key, value in framework.astype(dict).items()} if framework else {}


def _with_pixels_in(model: ov.Model, options: NetOptions) -> ov.Model:
    processor = PrePostProcessor(model)
    tensor = processor.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.RGB)
    steps = processor.input().preprocess()
    steps.convert_element_type(ov.Type.f32)
    if options.input.channels == "bgr":
        steps.convert_color(ColorFormat.BGR)
    steps.mean([255.0 * value for value in options.input.mean])
    steps.scale([255.0 * value for value in options.input.std])
    processor.input().model().set_layout(ov.Layout("NCHW"))
    model = processor.build()
    if options.head == "map":
        return model
    probabilities = model.output(0).get_node().input_value(0)
    best = ops.topk(probabilities, np.int64(1), axis=-1, mode="max", sort="none", index_element_type="i32")
    return ov.Model([best.output(0), best.output(1)], model.get_parameters())
