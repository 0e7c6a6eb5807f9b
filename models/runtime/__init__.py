"""Inference runtimes, behind one small interface: each takes uint8 pixels and returns arrays.

Model files are found, fetched and checked in `models.manifests`, and nothing here knows what a net's output means.
"""

from models.runtime.base import NetOptions, Runtime
from models.runtime.registry import check_net, load_net, resolve_device

__all__ = ["NetOptions", "Runtime", "check_net", "load_net", "resolve_device"]
