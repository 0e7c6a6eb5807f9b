"""The commands `rayocr models list`, `verify` and `export`, and the group that `import` belongs to, too."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.errors import RayocrError
from serve.cli.config import CONFIG_HELP
from serve.cli.console import Invocation, complain
from serve.cli.models_import import import_bundle

if TYPE_CHECKING:
    from models.export import ExportedFile

__all__ = ["export", "list_bundles", "models_app", "verify"]

models_app = typer.Typer(rich_markup_mode=None)
models_app.command("import")(import_bundle)


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
