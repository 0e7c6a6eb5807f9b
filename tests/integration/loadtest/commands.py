"""Running `python -m loadtest` as its users do."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ROOT", "run_command", "write_set"]

ROOT = Path(__file__).parents[3]


def run_command(
    *arguments: str, python: str = sys.executable, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever its exit code."""
    command = [python, "-m", "loadtest", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False, env=environment)


def write_set(folder: Path, contents: Mapping[str, bytes], text: str) -> None:
    """Write a set of pictures that all show the same text."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        rows.append(json.dumps({"image": name, "lines": [{"text": text, "points": None}]}))
    (folder / "labels.jsonl").write_text("\n".join(rows), encoding="utf-8")
