"""The commands `rayocr models list`, `verify`, `export` and `import`."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from models.errors import ConfigurationError, MalformedRequest, RayocrError
from serve.cli.config import CONFIG_HELP
from serve.cli.console import Invocation, complain

if TYPE_CHECKING:
    from models.export import ExportedFile
    from models.importing import Given
    from models.importing.bundle import ImportedFile

__all__ = ["export", "import_bundle", "list_bundles", "models_app", "verify"]

models_app = typer.Typer(rich_markup_mode=None)

_QUESTIONS = {
    "channels": "Order of the channels that the net was trained with (rgb or bgr)",
    "mean": "Mean of each channel, subtracted from pixels in [0, 1], such as 0.485 0.456 0.406",
    "std": "Standard deviation of each channel, such as 0.229 0.224 0.225",
    "charset": "Path of a text file with one character a line, in the order of the classes",
    "height": "Height of the net's lines in pixels, such as 32 or 48",
}


@models_app.callback(invoke_without_command=True)
def _models(context: typer.Context) -> None:
    """List the model bundles, check their files, and export and import nets."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@models_app.command("list")
def list_bundles() -> None:
    """List the model bundles that rayocr ships with."""
    from models.manifests import list_manifests, load_manifest, missing_packages

    for position, name in enumerate(list_manifests()):
        bundle = load_manifest(name)
        if position:
            typer.echo()
        typer.echo(bundle.name)
        rows = [("description", bundle.description), ("license", bundle.license), ("origin", bundle.origin)]
        rows += [(purpose, file.source) for purpose, file in bundle.files().items()]
        if missing := missing_packages(bundle.files().values()):
            rows.append(("not installed", f"{', '.join(missing)}: `make models` installs it"))
        for key, value in rows:
            typer.echo(f"  {key:<20} {value}")


@models_app.command()
def verify(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A bundle, or the path of a manifest. Not given: the configured one.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Check the SHA-256 of every file of a model bundle. Files in S3 or on the web are fetched first."""
    from models.manifests import load_manifest, verified_path

    invocation: Invocation = context.obj
    if name is None:
        from serve.config.loading import load_settings

        name = load_settings(config).settings.bundle
    bundle = load_manifest(name)
    exit_code = 0
    for purpose, file in bundle.files().items():
        try:
            verified_path(file)
        except RayocrError as error:
            complain(error.message, error if invocation.debug else None)
            typer.echo(f"FAILED  {bundle.name}  {purpose:<19}  {file.source}")
            exit_code = exit_code or error.exit_code
        else:
            typer.echo(f"ok      {bundle.name}  {purpose:<19}  {file.source}")
    if exit_code:
        raise typer.Exit(exit_code)


@models_app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle, or the path of a manifest.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make.")],
    size: Annotated[
        str,
        typer.Option(
            help="Input of the detectors in pixels: 640 (a square), 480x640 (height x width), or dynamic, which leaves "
            "batch, height and width open."
        ),
    ] = "dynamic",
    precision: Annotated[
        Literal["f32", "fp16", "int8"],
        typer.Option(help="fp16: all in float16 but input and output; int8: the convolutions of the bundle's recipes."),
    ] = "f32",
    raw_pixels: Annotated[
        bool, typer.Option("--raw-pixels", help="Take (N, H, W, 3) uint8 RGB; the files normalize it themselves.")
    ] = False,
    opset: Annotated[
        int | None, typer.Option(help="ONNX opset of the files. Not given: that of the bundle's files; 13 for int8.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older export in DIR.")] = False,
) -> None:
    """Write a bundle's nets as ONNX files for other runtimes, each checked against the bundle's own net."""
    from models.export import ExportOptions, export_bundle, parse_size
    from models.manifests import load_manifest

    bundle = load_manifest(name)
    options = ExportOptions(parse_size(size, bundle), precision, raw_pixels, opset)
    export_bundle(bundle, options, output, overwrite=overwrite, report=_print_exported)


def _print_exported(file: "ExportedFile") -> None:
    typer.echo(
        f"ok      {file.name:<24}  {file.size_bytes:>10} bytes   difference {file.greatest:.2g}, mean {file.mean:.2g}"
    )


@models_app.command("import")
def import_bundle(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR", help="A model folder of ModelScope's hub, or a detector's and a recognizer's."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The folder to make. Not given: the bundle's name.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the bundle. Not given: that of the folder or file.")] = None,
    onnx: Annotated[Path | None, typer.Option(metavar="FILE", help="An ONNX file in place of folders.")] = None,
    kind: Annotated[
        Literal["db", "ctc"] | None,
        typer.Option(help="Of the ONNX file: db, a detector; ctc, a recognizer. Not given: told by its output."),
    ] = None,
    channels: Annotated[
        Literal["rgb", "bgr", "gray"] | None, typer.Option(help="Channels that the ONNX net was trained with.")
    ] = None,
    mean: Annotated[str | None, typer.Option(help='Of each channel in [0, 1], such as "0.485 0.456 0.406".')] = None,
    std: Annotated[str | None, typer.Option(help='Of each channel, such as "0.229 0.224 0.225".')] = None,
    charset: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One character a line. Not given: the ONNX file's metadata.")
    ] = None,
    blank: Annotated[
        Literal["first", "last"] | None, typer.Option(help="Place of the blank. Not given: told by a white line.")
    ] = None,
    height: Annotated[int | None, typer.Option(help="Of lines, in pixels. Not given: told by the ONNX file.")] = None,
    padding: Annotated[int | None, typer.Option(help="Gray value behind shorter lines. Not given: 127.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="A pixel of a higher probability is text. Not given: 0.3.")
    ] = None,
    box_threshold: Annotated[
        float | None, typer.Option(help="A quad of a lower probability is dropped. Not given: 0.5.")
    ] = None,
    unclip_ratio: Annotated[float | None, typer.Option(help="How far quads are grown. Not given: 1.6.")] = None,
    beside: Annotated[
        str, typer.Option(metavar="BUNDLE", help="The bundle that gives the nets that are not imported.")
    ] = "ppocrv6-small",
    languages: Annotated[str, typer.Option(help="Languages that the bundle reads, such as en,de.")] = "",
    license_: Annotated[
        str | None, typer.Option("--license", help="Of the nets. Not given: what a README.md beside them says.")
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Interpreter with PyTorch. Not given: that of `make import-tools`."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older import in FOLDER.")] = False,
) -> None:
    """Import nets that others trained as a bundle: folders of ModelScope's hub, or a plain ONNX file."""
    import importlib.util

    if importlib.util.find_spec("onnx") is None:
        raise ConfigurationError(
            "importing nets needs the package onnx, which is not installed: run `make setup` in the checkout of "
            "rayocr, or install its extra `export`"
        )
    from models.importing import Given, ImportOptions, import_modelscope, import_onnx

    folders = folders or []
    of_onnx: dict[str, Any] = {
        "kind": kind,
        "channels": channels,
        "mean": _numbers("mean", mean),
        "std": _numbers("std", std),
        "charset": charset,
        "blank": blank,
        "height_px": height,
    }
    fields = {"threshold": threshold, "box_threshold": box_threshold, "unclip_ratio": unclip_ratio, "padding": padding}
    fields = {key: value for key, value in fields.items() if value is not None}
    if (onnx is None) == (not folders) or len(folders) > 2:
        raise MalformedRequest("give one or two model folders, or --onnx FILE")
    if onnx is None and (fields or any(value is not None for value in of_onnx.values())):
        raise MalformedRequest("a folder of ModelScope tells all about its net: give options of nets only with --onnx")
    named = name or re.sub(r"[^a-z0-9.]+", "-", (onnx.stem if onnx else folders[0].resolve().name).lower()).strip("-.")
    tags = tuple(tag.strip() for tag in languages.split(",") if tag.strip())
    options = ImportOptions(output or Path(named), named, beside, tags, license_, overwrite)
    if onnx is None:
        import_modelscope(folders, options, python=python, report=_print_imported)
    else:
        ask = _ask if sys.stdin.isatty() else None
        import_onnx(onnx, Given(**of_onnx, fields=fields), options, ask=ask, report=_print_imported)
    typer.echo(f"bundle  {named}: {options.output / 'manifest.yaml'}")


def _ask(missing: list[str], given: "Given") -> "Given":
    """Ask for facts on the terminal."""
    answers: dict[str, Any] = {}
    for key in missing:
        match key:
            case "mean" | "std":
                answers[key] = _numbers(key, typer.prompt(_QUESTIONS[key]))
            case "height":
                answers["height_px"] = typer.prompt(_QUESTIONS[key], type=int)
            case "charset":
                answers[key] = typer.prompt(_QUESTIONS[key], type=Path)
            case _:
                answers[key] = typer.prompt(_QUESTIONS[key])
    return replace(given, **answers)


def _numbers(name: str, text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError as exc:
        raise MalformedRequest(f"--{name} {text!r} is not a list of numbers, such as 0.5 0.5 0.5") from exc


def _print_imported(file: "ImportedFile") -> None:
    typer.echo(f"ok      {file.name:<24}  {file.size_bytes:>10} bytes   {file.said}")
