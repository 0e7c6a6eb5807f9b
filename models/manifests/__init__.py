"""Model bundles: the YAML manifest that describes each, and its files, found, fetched and checked by SHA-256.

Loading a net from a checked file is `models.runtime`'s task.
"""

from models.manifests.manifest import BundleManifest, list_manifests, load_manifest
from models.manifests.sources import missing_packages, verified_path

__all__ = ["BundleManifest", "list_manifests", "load_manifest", "missing_packages", "verified_path"]
