"""Names the model bundles that are served, and checks them before anything starts that needs them."""

from collections.abc import Mapping
from functools import lru_cache

from models.errors import ConfigurationError
from models.manifests import load_manifest, verified_path
from models.runtime import check_net
from serve.config.settings import Settings

__all__ = ["check_bundle", "served_bundles"]


def served_bundles(settings: Settings) -> Mapping[str, str]:
    """The name or path of each bundle that is served, by the name by which requests choose it; first the default one.

    Raises:
        ConfigurationError: A manifest can't be read, or two bundles have the same name.
    """
    return _by_name((settings.bundle, *settings.bundles))


@lru_cache(maxsize=8)
def _by_name(bundles: tuple[str, ...]) -> Mapping[str, str]:
    served: dict[str, str] = {}
    for bundle in bundles:
        name = load_manifest(bundle, with_recipes=False).name
        if name in served:
            raise ConfigurationError(f"bundles: {served[name]} and {bundle} have the same name, {name!r}: remove one")
        served[name] = bundle
    return served


def check_bundle(settings: Settings, bundle: str) -> str:
    """Check the files and devices of a bundle in a second. A replica would report them deep inside a log.

    Args:
        settings: The whole tree.
        bundle: Name of the bundle, or the path of its manifest.

    Returns:
        Name of the bundle.

    Raises:
        ConfigurationError: A model file is missing or damaged, or a device that was asked for is not there.
    """
    manifest = load_manifest(bundle)
    for file in manifest.files().values():
        verified_path(file)
    for detector in manifest.detectors():
        check_net(settings.detection.net, detector)
    check_net(settings.recognition.net, manifest.recognition)
    return manifest.name
