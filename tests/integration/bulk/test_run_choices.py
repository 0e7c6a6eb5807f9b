"""Which documents a bulk run takes: samples and limits."""

import json
from pathlib import Path

import pytest

from serve.bulk.input.inputs import select_inputs
from tests.bulk import input_document
from tests.integration.bulk.runs import Bulk, page_file

pytestmark = pytest.mark.timeout(600)

NUMBERS = [f"{number:02}" for number in range(12)]


def counts_of(folder: Path) -> dict[str, int]:
    counts: dict[str, int] = json.loads((folder / "_summary.json").read_bytes())["counts"]
    return counts


def results_of(folder: Path) -> dict[str, bytes]:
    return {path.name.removesuffix(".png.json"): path.read_bytes() for path in folder.glob("*.png.json")}


def test_sample_is_the_same_documents_each_time_and_limit_the_first(bulk: Bulk, tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in NUMBERS:
        (source / f"{number}.png").write_bytes(page_file(f"NUMBER {number}"))
    # As another process chooses them.
    sample = [document.key[:2] for document in select_inputs(map(input_document, NUMBERS), sample=4, seed=5)]
    assert sample != NUMBERS[:4]  # or it would say nothing

    def run(*options: str) -> dict[str, bytes]:
        code, _, err = bulk(f"--input={source}", f"--output={output}", *options)
        assert (code, err) == (0, "")
        return results_of(output)

    first = run("--sample=4", "--seed=5")
    assert sorted(first) == sample
    assert counts_of(output)["listed"] == 4

    second = run("--limit=3")
    assert sorted(second) == sorted({*sample, *NUMBERS[:3]})
    assert counts_of(output)["listed"] == 3
    assert {number: second[number] for number in first} == first
