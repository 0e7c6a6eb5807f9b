"""Names the model bundles that are served, and checks them before anything starts that needs them."""

from collections.abc import Mapping

from deployments.settings import StructureSettings
from models.errors import ConfigurationError
from models.manifests import BundleManifest, load_manifest, verified_path
from models.runtime import check_net
from serve.config.settings import Settings

__all__ = [
    "check_bundle",
    "check_structure",
    "default_model",
    "deployments_ending",
    "keep_bundles",
    "read_bundles",
    "served_bundles",
]

# By the names or paths of the settings.
_kept: dict[tuple[str, ...], Mapping[str, BundleManifest]] = {}


def served_bundles(settings: Settings) -> Mapping[str, BundleManifest]:
    """The manifest of each bundle that is served, by the name by which requests choose it; first the default one.

    They are those that this process was given (`keep_bundles`), or read first. Errors are those of `read_bundles`.
    """
    kept = _kept.get((settings.bundle, *settings.bundles))
    return read_bundles(settings) if kept is None else kept


def read_bundles(settings: Settings) -> Mapping[str, BundleManifest]:
    """Read the manifests of the bundles that are served now, by name, and keep them.

    Raises:
        ConfigurationError: A manifest can't be read, or two bundles have the same name.
    """
    sources: dict[str, str] = {}
    bundles: dict[str, BundleManifest] = {}
    for source in (settings.bundle, *settings.bundles):
        manifest = load_manifest(source)
        name = manifest.name
        if name in bundles:
            raise ConfigurationError(f"bundles: {sources[name]} and {source} have the same name, {name!r}: remove one")
        sources[name], bundles[name] = source, manifest
    keep_bundles(settings, bundles)
    return bundles


def keep_bundles(settings: Settings, bundles: Mapping[str, BundleManifest]) -> None:
    """Let this process take the bundles of the settings as another process has read them.

    Their files may have changed meanwhile, or be those of a later version that is not rolled out yet.
    """
    _kept[settings.bundle, *settings.bundles] = bundles


def default_model(settings: Settings) -> str:
    """The name of the bundle that reads what names no other. Errors are those of `read_bundles`."""
    return next(iter(served_bundles(settings)))


def deployments_ending(settings: Settings, model: str) -> str:
    """The ending of the names of a bundle's deployments: none for the default one. Errors: see `read_bundles`."""
    return "" if model == default_model(settings) else f"-{model}"


def check_bundle(settings: Settings, manifest: BundleManifest) -> None:
    """Check the files and devices of a bundle in a second. A replica would report them deep inside a log.

    Args:
        settings: The whole tree.
        manifest: Manifest of the bundle.

    Raises:
        ConfigurationError: A model file is missing or damaged, or a device that was asked for is not there.
    """
    for file in manifest.files().values():
        verified_path(file)
    for detector in manifest.detectors():
        check_net(settings.detection.net, detector)
    check_net(settings.recognition.net, manifest.recognition)


def check_structure(structure: StructureSettings) -> None:
    """Check the files and devices of the nets of structure, unless it is switched off.

    Raises:
        ConfigurationError: A manifest or model file is missing or damaged, or a device that was asked for is not there.
    """
    if structure.enabled is False:
        return
    for manifest in structure.nets().values():
        verified_path(manifest.file)
        check_net(structure.net, manifest)
