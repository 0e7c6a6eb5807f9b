"""Inference runtimes behind one small interface: uint8 pixels in, arrays out."""

from models.runtime.base import NetOptions, Runtime
from models.runtime.registry import check_net, load_net, resolve_device

__all__ = ["NetOptions", "Runtime", "check_net", "load_net", "resolve_device"]
