"""Model bundles: one YAML manifest each, and the files it names, checked by SHA-256."""

from models.manifests.manifest import BundleManifest, list_manifests, load_manifest
from models.manifests.sources import verified_path

__all__ = ["BundleManifest", "list_manifests", "load_manifest", "verified_path"]
