"""Checks the model bundle before anything starts that needs it."""

from models.manifests import load_manifest, verified_path
from models.runtime import check_net
from serve.config.settings import Settings

__all__ = ["check_bundle"]


def check_bundle(settings: Settings) -> str:
    """Check the files and devices of the configured bundle in a second. A replica would report them deep inside a log.

    Returns:
        Name of the model bundle.

    Raises:
        ConfigurationError: A model file is missing or damaged, or a device that was asked for is not there.
    """
    manifest = load_manifest(settings.bundle)
    for file in manifest.files().values():
        verified_path(file)
    for detector in manifest.detectors():
        check_net(settings.detection.net, detector)
    check_net(settings.recognition.net, manifest.recognition)
    return manifest.name
