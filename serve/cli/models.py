"""The commands `rayocr models list` and `rayocr models verify`."""

from pathlib import Path
from typing import Annotated

import typer

from models.errors import RayocrError
from serve.cli.config import CONFIG_HELP
from serve.cli.console import Invocation, complain

__all__ = ["list_bundles", "models_app", "verify"]

models_app = typer.Typer(rich_markup_mode=None)


@models_app.callback(invoke_without_command=True)
def _models(context: typer.Context) -> None:
    """List the model bundles, and check their files."""
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
