"""Makes a bundle of an imported net: its files and a manifest, in a folder that is there when all is right."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from models.detection import TextDetector
from models.errors import ConfigurationError, MalformedRequest
from models.importing.convert import convert_hub_net, import_python
from models.importing.hub_folder import read_hub_folder
from models.importing.plain import Given, PlainNet, missing_options, read_plain_net
from models.manifests import load_manifest
from models.manifests.manifest import DetectionManifest, NetInput, RecognitionManifest
from models.manifests.sources import sha256_of
from models.new_folder import new_folder, refuse_folder
from models.recognition import TextRecognizer
from models.settings import NetSettings

__all__ = ["ImportOptions", "ImportedFile", "import_modelscope", "import_onnx"]

_MANIFEST = "manifest.yaml"
_NAMES = frozenset({_MANIFEST, "charset.txt", "detection.onnx", "recognition.onnx"})
_SAMPLE_PX = (320, 640)
Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of every import.

    Args:
        output: The folder to make.
        name: Name of the bundle.
        beside: The bundle that gives the nets that are not imported: a name, or the path of a manifest.
        languages: Languages that the bundle reads, as BCP 47 tags.
        license: License of the imported nets.
        overwrite: Whether an older import in the folder is replaced.
    """

    output: Path
    name: str
    beside: str = "ppocrv6-small"
    languages: tuple[str, ...] = ()
    license: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was imported.

    Args:
        name: Its name.
        size_bytes: Its size.
        said: What was checked, for people.
    """

    name: str
    size_bytes: int
    said: str


def import_modelscope(
    folders: Sequence[Path],
    options: ImportOptions,
    *,
    python: Path | None = None,
    report: Callable[[ImportedFile], None] = lambda _: None,
) -> None:
    """Import model folders of ModelScope's hub: a detector, a recognizer, or one of each.

    Args:
        folders: One or two folders.
        options: Options of the import.
        python: The interpreter with PyTorch and ModelScope. None takes that of `make import-tools`.
        report: Told of each file at the end.

    Raises:
        ConfigurationError: A folder holds no net that can be imported, the environment is missing, or the output
            folder can't be written.
        Conflict: The output folder holds something already.
        InsufficientStorage: The disk is full.
        MalformedRequest: Both folders hold a net of the same kind.
        ModelOutputError: The ONNX file does not do what ModelScope's class does.
    """
    refuse_folder(options.output, _NAMES, "import", overwrite=options.overwrite)
    nets = [read_hub_folder(folder) for folder in folders]
    if len({net.section for net in nets}) != len(nets):
        raise MalformedRequest(
            f"{' and '.join(str(folder) for folder in folders)} are all of {nets[0].section}: give a detector and a "
            "recognizer, or one of them"
        )
    interpreter = import_python(python)
    with new_folder(options.output, _NAMES, "import", overwrite=options.overwrite) as fresh:
        sections: Sections = {}
        files = []
        for net, folder in zip(nets, folders, strict=True):
            with tempfile.TemporaryDirectory() as work:
                made, apart = convert_hub_net(net, interpreter, Path(work))
                (fresh / f"{net.section}.onnx").write_bytes(made.read_bytes())
            sections[net.section] = {**net.fields, "file": _file(fresh / f"{net.section}.onnx")}
            if net.charset is not None:
                (fresh / "charset.txt").write_bytes(net.charset.encode())
                charset = {"file": _file(fresh / "charset.txt"), "blank": "first", "append_space": False}
                sections[net.section]["charset"] = charset
            said = f"{net.architecture} of {folder.name}, differs by {apart:.2g} from ModelScope's own"
            files.append((f"{net.section}.onnx", said))
        licenses = " and ".join(sorted({net.license for net in nets}))
        origin = f"ModelScope: {', '.join(folder.resolve().name for folder in folders)}"
        _finish(fresh, sections, options, options.license or licenses, origin)
        imported = [ImportedFile(name, (fresh / name).stat().st_size, said) for name, said in files]
    for one in imported:
        report(one)


def import_onnx(
    path: Path,
    given: Given,
    options: ImportOptions,
    *,
    ask: Callable[[list[str], Given], Given] | None = None,
    report: Callable[[ImportedFile], None] = lambda _: None,
) -> None:
    """Import an ONNX file of a DB detector or a CTC recognizer, and try it on drawn pages first.

    Args:
        path: The file.
        given: What people tell about it.
        options: Options of the import.
        ask: Asks for facts that the file does not tell. None makes their lack an error.
        report: Told of the file at the end.

    Raises:
        ConfigurationError: The file is not such a net, facts are missing or wrong, the package onnx is not installed,
            or the output folder can't be written.
        Conflict: The output folder holds something already.
        InsufficientStorage: The disk is full.
        ModelOutputError: ONNX Runtime can't run the file.
    """
    refuse_folder(options.output, _NAMES, "import", overwrite=options.overwrite)
    net = read_plain_net(path, given.kind)
    if missing := missing_options(net, given):
        if ask is None:
            raise ConfigurationError(
                f"{path} does not tell everything: give {', '.join(f'--{name}' for name in missing)}"
            )
        given = ask(missing, given)
    with new_folder(options.output, _NAMES, "import", overwrite=options.overwrite) as fresh:
        make = _plain_detector if net.kind == "db" else _plain_recognizer
        section = "detection" if net.kind == "db" else "recognition"
        said, fields = make(net, given, fresh)
        _finish(fresh, {section: fields}, options, options.license or "unknown", path.name)
        imported = ImportedFile(f"{section}.onnx", (fresh / f"{section}.onnx").stat().st_size, said)
    report(imported)


def _plain_input(net: PlainNet, given: Given) -> NetInput:
    channels = "gray" if net.planes == 1 else given.channels
    try:
        return NetInput.model_validate({"channels": channels, "mean": given.mean, "std": given.std})
    except ValidationError as exc:
        raise ConfigurationError(
            f"{net.path} takes {net.planes} channels: --channels {channels}, --mean and --std must fit them, with one "
            f"value a channel ({exc.errors()[0]['msg']})"
        ) from exc


def _plain_detector(net: PlainNet, given: Given, fresh: Path) -> tuple[str, dict[str, Any]]:
    from models.importing.check import check_detector, raw_output

    path = _saved(net, fresh / "detection.onnx")
    net_input = _plain_input(net, given)
    maps = raw_output(path, net_input, *_SAMPLE_PX)
    if maps.ndim != 4 or maps.shape[1] != 1:
        raise ConfigurationError(f"{net.path} returns an array of shape {maps.shape}, not one map a page")
    fields: dict[str, Any] = {
        "algorithm": "db",
        "file": _file(path),
        "input": net_input.model_dump(mode="json"),
        "size_multiple_px": 32,
        "shortest_side_px": 736,
        "longest_side_px": 2000,
        "first_side_px": 960,
        "small_line_px": 12.0,
        "threshold": 0.3,
        "box_threshold": 0.5,
        "unclip_ratio": 1.6,
        "sigmoid": "inside" if maps.min() >= 0 and maps.max() <= 1 else "outside",
        **given.fields,
    }
    check_detector(path, DetectionManifest.model_validate(fields), net.path)
    return f"finds the lines of drawn pages, sigmoid {fields['sigmoid']}", fields


def _plain_recognizer(net: PlainNet, given: Given, fresh: Path) -> tuple[str, dict[str, Any]]:
    from models.importing.check import check_recognizer, raw_output

    path = _saved(net, fresh / "recognition.onnx")
    height = net.height_px or given.height_px or 0
    net_input = _plain_input(net, given)
    output = raw_output(path, net_input, height, net.width_px or _SAMPLE_PX[1])
    if output.ndim != 3 or len(output) != 4:
        raise ConfigurationError(
            f"{net.path} returns an array of shape {output.shape} for 4 lines, not (4, T, classes): export it again "
            "with the lines on the first axis"
        )
    classes = output.shape[2]
    is_inside = bool(output.min() >= 0 and np.abs(output.sum(axis=-1) - 1).max() < 1e-2)
    blanks = set(output[2].argmax(axis=-1).tolist())
    # With a wrong normalization a white line tells nothing, and the check below says so.
    place = given.blank or {(0,): "first", (classes - 1,): "last"}.get(tuple(blanks), "first")
    text = _charset_text(net, given)
    count = len(text.removesuffix("\n").split("\n"))
    if count not in (classes - 1, classes - 2):
        raise ConfigurationError(
            f"{net.path} tells {classes} classes apart, which are {classes - 1} characters and the blank, but the "
            f"charset has {count}: it is of another net"
        )
    (fresh / "charset.txt").write_bytes((text.removesuffix("\n") + "\n").encode())
    fields: dict[str, Any] = {
        "algorithm": "ctc",
        "file": _file(path),
        "input": net_input.model_dump(mode="json"),
        "height_px": height,
        "width_multiple_px": 8,
        **({} if net.width_px is None else {"width_px": net.width_px}),
        "softmax": "inside" if is_inside else "outside",
        "charset": {"file": _file(fresh / "charset.txt"), "blank": place, "append_space": count == classes - 2},
        **given.fields,
    }
    check_recognizer(path, RecognitionManifest.model_validate(fields, context=fresh), net.path)
    return f"reads drawn lines, blank {place}, softmax {fields['softmax']}", fields


def _charset_text(net: PlainNet, given: Given) -> str:
    if given.charset is None:
        return next(str(one.value) for one in net.model.metadata_props if one.key == net.metadata_key)
    try:
        return given.charset.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"the charset {given.charset} can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"the charset {given.charset} is not UTF-8 text: {exc}") from exc


def _saved(net: PlainNet, path: Path) -> Path:
    import onnx

    onnx.save(net.model, path)  # one file, even if the weights came in others
    return path


def _finish(fresh: Path, sections: Sections, options: ImportOptions, license_: str, origin: str) -> None:
    """Write the manifest, and load the imported nets as the service will.

    Raises:
        ConfigurationError: The manifest is not valid, or the nets can't be loaded on this machine.
    """
    beside = load_manifest(options.beside)
    others = beside.model_dump(mode="json", exclude_defaults=True)
    for name in [*sections, *(["detection_documents"] if "detection" in sections else [])]:
        others.pop(name, None)
    kept = [name for name in ("detection", "recognition", "direction") if name in others]
    manifest = {
        **others,
        "name": options.name,
        "description": f"{' and '.join(sections)} of {origin}; {' and '.join(kept)} of {beside.name}.",
        "license": f"{license_}; {beside.license} for the nets of {beside.name}",
        "origin": f"{origin}; {beside.origin}",
        "languages": list(options.languages),
        **sections,
    }
    path = fresh / _MANIFEST
    path.write_text(
        yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None),
        encoding="utf-8",
    )
    bundle = load_manifest(str(path))
    settings = NetSettings()
    if "detection" in sections:
        TextDetector.load(bundle.detection, settings)
    if "recognition" in sections:
        TextRecognizer.load(bundle.recognition, settings)


def _file(path: Path) -> dict[str, str]:
    """A file's entry in a manifest that lies in the same folder."""
    return {"source": f"file:{path.name}", "sha256": sha256_of(path)}
