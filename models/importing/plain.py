"""Reads an ONNX file that others made, and finds out what a manifest says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import onnx
from onnx.external_data_helper import load_external_data_for_model

from models.errors import ConfigurationError

__all__ = ["Given", "PlainNet", "missing_options", "read_plain_net"]

_STANDARD = {"", "ai.onnx", "ai.onnx.ml"}
#: Keys of the metadata under which toolkits keep the characters, one a line.
_METADATA_KEYS = ("character", "characters", "dictionary", "vocab")


@dataclass(frozen=True, slots=True)
class Given:
    """The facts of an ONNX net that people tell, since its file does not; None for each that they do not.

    Args:
        kind: `db`, a detector with a map of probabilities, or `ctc`, a recognizer.
        channels: Order of the channels.
        mean: Subtracted from each channel in [0, 1].
        std: Each channel is divided by this.
        charset: A text file with one character a line.
        blank: Place of the blank among the classes.
        height_px: Height of a recognizer's input.
        fields: Further fields of the manifest's section.
    """

    kind: Literal["db", "ctc"] | None = None
    channels: Literal["rgb", "bgr", "gray"] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    charset: Path | None = None
    blank: Literal["first", "last"] | None = None
    height_px: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlainNet:
    """An ONNX file that can be imported.

    Args:
        path: The file.
        model: Its net, with all weights.
        kind: `db` or `ctc`, by the rank of its output.
        planes: Number of its channels, 1 or 3.
        height_px: Height of its input; None if it is open.
        width_px: Width of its input; None if it is open.
        metadata_key: Key of the metadata that holds its characters, if there is one.
    """

    path: Path
    model: onnx.ModelProto
    kind: Literal["db", "ctc"]
    planes: int
    height_px: int | None
    width_px: int | None
    metadata_key: str | None


def read_plain_net(path: Path, kind: Literal["db", "ctc"] | None) -> PlainNet:
    """Read an ONNX file.

    Args:
        path: The file.
        kind: What people say it is.

    Raises:
        ConfigurationError: It is not an ONNX file, needs operators or files that are not allowed, or its input or
            output are not those of a detector or recognizer.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as exc:
        raise ConfigurationError(f"the ONNX file {path} can't be read: {exc.strerror}") from exc
    except Exception as exc:  # protobuf's exceptions share no public base
        raise ConfigurationError(f"{path} is damaged, or not an ONNX file: {exc}") from exc
    own = {one.domain for one in model.functions}
    for graph in _graphs(model.graph):
        if unknown := [node for node in graph.node if node.domain not in _STANDARD | own]:
            raise ConfigurationError(
                f"{path} uses the operator {unknown[0].domain}.{unknown[0].op_type}, which is not of the ONNX "
                "standard: export it again without operators of its own"
            )
    _load_weights(model, path)
    try:
        onnx.checker.check_model(model)
    except Exception as exc:  # the checker's exceptions share no public base
        raise ConfigurationError(f"{path} is damaged, or not an ONNX file: {str(exc).splitlines()[0]}") from exc
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    outputs = list(model.graph.output)
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConfigurationError(
            f"{path} has {len(inputs)} inputs and {len(outputs)} outputs: a detector or recognizer has one of each"
        )
    given, returned = _shape(inputs[0]), _shape(outputs[0])
    if len(given) != 4 or given[1] not in (1, 3) or inputs[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise ConfigurationError(
            f"{path} takes {inputs[0].name} of shape {_shown(given)}: rayocr gives nets (N, 1 or 3, H, W) float32"
        )
    if given[0] is not None:
        raise ConfigurationError(
            f"{path} takes exactly {given[0]} inputs at a time: export it again with an open first axis (batch)"
        )
    found: Literal["db", "ctc"] | None = {4: "db", 3: "ctc"}.get(len(returned))  # type: ignore[assignment]
    if found is None or (kind or found) != found:
        raise ConfigurationError(
            f"{path} returns {outputs[0].name} of shape {_shown(returned)}, which is not "
            + ("the map (N, 1, H, W) of a DB detector" if kind == "db" else "(N, T, classes) of a CTC recognizer")
        )
    if found == "db" and (returned[1] not in (1, None) or given[2] is not None or given[3] is not None):
        raise ConfigurationError(
            f"{path} takes {_shown(given)} and returns {_shown(returned)}: a detector takes pages of any height and "
            "width, and returns one map; export it again with these axes open"
        )
    keys = {one.key for one in model.metadata_props}
    key = next((name for name in _METADATA_KEYS if name in keys), None)
    return PlainNet(path, model, found, int(given[1]), given[2], given[3], key)


def missing_options(net: PlainNet, given: Given) -> list[str]:
    """The options that have to be given, since the file does not tell."""
    missing = []
    if net.planes == 3 and given.channels is None:
        missing.append("channels")
    missing += [name for name in ("mean", "std") if getattr(given, name) is None]
    if net.kind == "ctc":
        if given.charset is None and net.metadata_key is None:
            missing.append("charset")
        if net.height_px is None and given.height_px is None:
            missing.append("height")
    return missing


def _load_weights(model: onnx.ModelProto, path: Path) -> None:
    """Read weights that lie in other files, if those are in the net's folder."""
    folder = path.resolve().parent
    for tensor in _tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if not (folder / place).resolve().is_relative_to(folder):
            raise ConfigurationError(f"{path} has weights in {place!r}, outside its own folder, which is refused")
        if not (folder / place).is_file():
            raise ConfigurationError(f"{path} has weights in {place!r}, which is not there: put it beside the file")
    try:
        load_external_data_for_model(model, str(folder))
    except Exception as exc:  # onnx raises several kinds
        raise ConfigurationError(f"the weights of {path} can't be read: {exc}") from exc


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from _graphs(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    for one in _graphs(graph):
        yield from one.initializer
        yield from (value.t for node in one.node for value in node.attribute if value.HasField("t"))


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    """The sizes of an input or output; None for those that are open, and no sizes at all if the rank is open."""
    sides = value.type.tensor_type.shape.dim
    return [int(side.dim_value) if side.HasField("dim_value") and side.dim_value > 0 else None for side in sides]


def _shown(shape: list[int | None]) -> str:
    return f"({', '.join('open' if side is None else str(side) for side in shape)})"
