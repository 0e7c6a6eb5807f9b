"""Imports nets that others trained as bundles: model folders of ModelScope's hub, and plain ONNX files.

PyTorch is never imported here. One module, `to_onnx`, is run by the interpreter of an environment of its own.
"""

from models.importing.bundle import ImportOptions, import_modelscope, import_onnx
from models.importing.plain import Given

__all__ = ["Given", "ImportOptions", "import_modelscope", "import_onnx"]
