"""The header of ONNX Runtime's C interface, which its Python package lacks: the Go module of its binding carries it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["onnxruntime_headers", "onnxruntime_library"]

_MODULE = "github.com/yalue/onnxruntime_go@v1.27.0"
# Go compares it with the public list of checksums too, where it can reach that.
_SUM = "h1:c1YSgDNtpf0WGtxj3YeRIb8VC5LmM1J+Ve3uHdteC1U="
_GO = Path(__file__).parents[1] / ".venv" / "bin" / "go"


def onnxruntime_headers(folder: Path) -> Path:
    """The folder of `onnxruntime_c_api.h`. A program that is compiled with it runs with any newer ONNX Runtime.

    Args:
        folder: An empty folder, to call Go from.
    """
    go = shutil.which("go") or (str(_GO) if _GO.exists() else None)
    if go is None:
        pytest.fail("no Go to fetch the header of ONNX Runtime with: run 'make setup'")
    command = [go, "mod", "download", "-json", _MODULE]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = json.loads(answer.stdout or "{}")
    if answer.returncode or found.get("Sum") != _SUM:
        pytest.fail(f"{_MODULE} is not what was pinned, or can't be fetched: {answer.stdout}{answer.stderr}")
    return Path(found["Dir"])


def onnxruntime_library() -> Path:
    """ONNX Runtime's library, of its Python package."""
    import onnxruntime  # here: nobody else pays for it

    (library,) = Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*")
    return library
