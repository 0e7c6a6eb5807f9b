"""Runs nets in OpenVINO on CPUs: large convolutions on 8-bit integers, and bf16 if the CPU has it."""

from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import openvino as ov

from models.errors import ConfigurationError, ModelOutputError
from models.manifests.manifest import SureBlanks
from models.runtime.base import NetOptions, Pixels, Runtime
from models.runtime.compiled_nets import PreparedNets, Requests, requests_of, taken
from models.runtime.device import has_vnni
from models.runtime.graph import split_classifier, with_activation, with_enlarged_map, with_pixels_in
from models.runtime.int8 import FULL_LEVELS, SAFE_LEVELS, quantize
from models.runtime.memory import give_back_memory

__all__ = ["OpenVino"]

# The first array that OpenVINO's bindings take makes them load NumPy's interface under a lock of their own. Two threads
# that do this at once wait for each other for ever (seen with 2026.4.1), so one thread does it here.
ov.Tensor(np.zeros(1, dtype=np.uint8))


# Time steps that are classified at a time if there are many classes. Those of a long line would take 40 MB, and more
# steps leave the processor's cache. Of few classes, all steps of most lines fit.
_CLASSIFIED_STEPS = 24
_MANY_CLASSES = 18_710
# Pixels of input between two returns of free memory: some ten pages, of detection or of lines.
_GIVE_BACK_AFTER_PX = 8_000_000
# A size of input is rare if it has not come for so many pixels, some fifty pages.
_RARE_AFTER_PX = 40_000_000


class OpenVino(Runtime):
    """A net compiled by OpenVINO's CPU plug-in, with normalization inside its graph."""

    def __init__(
        self,
        nets: PreparedNets,
        classifier: Requests | None,
        blanks: "_Blanks | None",
        metadata: dict[str, str],
        class_count: int | None,
        *,
        is_batchable: bool,
        has_all: bool,
    ) -> None:
        self._nets = nets
        self._classifier = classifier
        self._blanks = blanks
        self._pixels_since = 0
        self._pixels_since_rare = 0
        self._metadata = metadata
        self._class_count = class_count
        self._is_batchable = is_batchable
        self._has_all = has_all

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
            class_count = classes.get_length() if classes.is_static else None
            is_batchable = model.input(0).get_partial_shape()[0].is_dynamic
            if options.activation is not None:
                model = with_activation(model, options.activation)
            classifier = None
            if options.head == "map":
                model = with_enlarged_map(model)
            if options.head == "argmax":
                model, last = split_classifier(model)  # before the recipe, which then leaves the classifier alone
                shared = options.beside._classifier if isinstance(options.beside, cls) else None
                classifier = shared or requests_of(core, last, options)
            blanks = None
            if options.precision == "int8" and options.int8 is not None:
                if classifier is not None and options.int8.sure_blanks is not None:
                    blanks = _Blanks(options.int8.sure_blanks, model)
                quantize(model, options.int8.activations, FULL_LEVELS if has_vnni() else SAFE_LEVELS)
            nets = PreparedNets(core, with_pixels_in(model, options.input), options)
            has_all = options.head == "all"
            return cls(nets, classifier, blanks, metadata, class_count, is_batchable=is_batchable, has_all=has_all)
        except RuntimeError as exc:
            raise ConfigurationError(f"OpenVINO can't load {path.name}: {exc}") from exc

    def run(self, batch: Pixels, watched: int = 0) -> tuple[npt.NDArray[np.generic], ...]:  # noqa: D102 - see Runtime
        count = len(batch)
        rows = self.prepared_rows((batch.shape[1], batch.shape[2])) or count
        if rows < count:
            raise ValueError(f"{count} inputs of {batch.shape[2]}x{batch.shape[1]} pixels in a run that takes {rows}")
        if rows > count:
            batch = np.concatenate([batch, np.zeros((rows - count, *batch.shape[1:]), np.uint8)])
        try:
            with self._nets.request(batch.shape) as request:
                features = _infer(request, batch)[:count].copy()  # the request's memory is used again
                if self._has_all:
                    others = range(1, len(request.output_tensors))
                    return (features, *(request.get_output_tensor(one).data[:count].copy() for one in others))
            if self._classifier is None:
                return (features,)
            return self._classified(self._classifier, features, watched)
        except RuntimeError as exc:
            raise ModelOutputError(f"OpenVINO failed on an input of shape {batch.shape}: {exc}") from exc
        finally:
            self._note_run(batch.size // 3)

    def prepared_rows(self, size: tuple[int, int]) -> int | None:  # noqa: D102 - see Runtime
        return self._nets.rows(size)

    def _note_run(self, pixels: int) -> None:
        # Two threads may do this at once, or one a little later, without harm.
        self._pixels_since += pixels
        self._pixels_since_rare += pixels
        if self._pixels_since_rare >= _RARE_AFTER_PX:
            self._pixels_since_rare = 0
            self._nets.give_back_rare()
        if self._pixels_since >= _GIVE_BACK_AFTER_PX:
            self._pixels_since = 0
            give_back_memory()

    def _classified(
        self, classifier: Requests, features: npt.NDArray[np.generic], watched: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Find the best class, its probability and that of `watched`, (N, T) each, for features of (N, T, width)."""
        steps = features.reshape(-1, features.shape[-1])
        classes = np.empty(len(steps), np.int32)
        probabilities, of_watched = np.empty((2, len(steps)), np.float32)
        remaining = np.arange(len(steps))
        if self._blanks is not None:
            is_sure = self._blanks.sure(steps)
            number = self._blanks.number
            classes[is_sure], probabilities[is_sure], of_watched[is_sure] = number, 1, watched == number
            remaining = np.flatnonzero(~is_sure)
        together = _CLASSIFIED_STEPS * max(1, _MANY_CLASSES // (self._class_count or _MANY_CLASSES))
        with taken(classifier) as (request,):
            for start in range(0, len(remaining), together):
                part = remaining[start : start + together]
                # NumPy's arg-max takes a tenth of the time of OpenVINO's, and needs no copy of the request's memory.
                (of_classes,) = _infer(request, steps[None, part])
                best = of_classes.argmax(axis=1)
                classes[part] = best
                probabilities[part] = of_classes[np.arange(len(best)), best]
                of_watched[part] = of_classes[:, watched]
        shape = features.shape[:2]
        return classes.reshape(shape), probabilities.reshape(shape), of_watched.reshape(shape)

    def metadata(self) -> dict[str, str]:  # noqa: D102 - see Runtime
        return dict(self._metadata)

    def is_batchable(self) -> bool:  # noqa: D102 - see Runtime
        return self._is_batchable

    def class_count(self) -> int | None:  # noqa: D102 - see Runtime
        return self._class_count


class _Blanks:
    """Tells which time steps are blank for sure.

    Args:
        sure_blanks: The part of the recipe that tells them.
        model: The net from pixels to the features of time steps.

    Raises:
        ConfigurationError: The recipe has another number of features than the net.
    """

    def __init__(self, sure_blanks: SureBlanks, model: ov.Model) -> None:
        self.number = sure_blanks.number
        self._bias = np.float32(sure_blanks.bias)
        self._weights = np.array(sure_blanks.weights, np.float32)
        features = model.output(0).get_partial_shape()[-1]
        if features.is_static and features.get_length() != len(self._weights):
            raise ConfigurationError(
                f"the int8 recipe tells blanks by {len(self._weights)} features, but the net has "
                f"{features.get_length()}: make it anew with `python -m tools.int8`"
            )

    def sure(self, steps: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        """Whether each of the steps, (N, features), is blank for sure."""
        # Not a product of matrices: its sums would depend on the number of steps.
        return np.asarray((np.asarray(steps, np.float32) * self._weights).sum(axis=1) > -self._bias)


def _infer(request: ov.InferRequest, batch: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Run a net of one input, and take its first output. The result lies in the request's own memory."""
    # As an argument of `infer`, an input costs 50 us more, and a page has 350 runs. A read-only batch is copied.
    request.set_input_tensor(ov.Tensor(batch, shared_memory=bool(batch.flags.writeable)))
    request.infer(share_outputs=True)
    output: npt.NDArray[np.generic] = request.get_output_tensor(0).data
    return output


def _metadata(model: ov.Model) -> dict[str, str]:
    # OpenVINO keeps an ONNX file's custom metadata below the runtime information's "framework" node.
    if not model.has_rt_info("framework"):
        return {}
    framework = model.get_rt_info("framework")
    return {key: str(value.astype(str)) for key, value in framework.astype(dict).items()} if framework else {}
