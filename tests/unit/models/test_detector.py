"""The parts of the detector that need no net."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.detection import TextDetector
from models.detection.resize import DetectionInput
from models.manifests import load_manifest
from models.runtime import NetOptions, Runtime
from models.settings import DetectionOptions


class _NoNet(Runtime):
    @classmethod
    def load(cls, path: Path, options: NetOptions) -> "_NoNet":
        return cls()

    def run(self, batch: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.generic], ...]:
        raise AssertionError("no test here runs a net")

    def metadata(self) -> dict[str, str]:
        return {}

    def class_count(self) -> int | None:
        return None


def test_specks_beyond_the_most_lines_are_dropped_with_a_warning() -> None:
    detector = TextDetector(_NoNet(), load_manifest("ppocrv6-small").detection)
    probability = np.zeros((320, 320), np.float32)
    for index in range(100):
        row, column = divmod(index, 10)
        probability[32 * row : 32 * row + 8, 32 * column : 32 * column + 20] = 0.6 + index / 1000
    prepared = DetectionInput(np.zeros((320, 320, 3), np.uint8), (320, 320), 4)
    everything = detector.quads(probability, prepared, DetectionOptions())
    assert (len(everything), everything.warnings) == (100, ())
    kept = detector.quads(probability, prepared, DetectionOptions(max_lines=7))
    assert len(kept) == 7
    assert kept.scores.min() >= np.sort(everything.scores)[-7]
    (warning,) = kept.warnings
    assert (warning.code, warning.page) == ("too_many_lines", 4)
    assert "100 lines" in warning.message
