"""The teacher: the large recognizer that rayocr ships with, asked for the probabilities of a small net's classes."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from models.manifests import load_manifest, verified_path
from models.runtime import load_net
from models.settings import NetSettings

__all__ = ["Teacher", "taught_steps"]

_BUNDLE = "ppocrv6-small"

Floats = npt.NDArray[np.float32]


class Teacher:
    """Reads lines with the recognizer of the bundle ppocrv6-small.

    Args:
        classes: The characters that the small net tells apart, without the blank.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        manifest = load_manifest(_BUNDLE).recognition.for_documents()
        self._net = load_net(verified_path(manifest.file), manifest, "map", NetSettings())
        # Not models.recognition's own reader, whose package needs more than the environment for training has.
        listed = self._net.metadata()[str(manifest.charset.metadata_key)].removesuffix("\n").split("\n")
        numbers = {character: number for number, character in enumerate([*listed, " "], 1)}
        self._own = np.array([0, *(numbers.get(character, -1) for character in classes)])
        self._height_px, self._multiple_px = manifest.height_px, manifest.width_multiple_px

    def __call__(self, gray: npt.NDArray[np.uint8]) -> Floats:
        """Read one line.

        Args:
            gray: (any height, any width) uint8.

        Returns:
            (T, classes + 1) float32: the probability of the blank and of each class at T steps that share the line's
            width evenly. Classes that the teacher does not know have 0; a row's sum is below 1 by what it gives others.
        """
        columns = -(-gray.shape[1] * self._height_px // gray.shape[0] // self._multiple_px) * self._multiple_px
        fitted = cv2.resize(gray, (max(self._multiple_px, columns), self._height_px), interpolation=cv2.INTER_LINEAR)
        (found,) = self._net.run(np.ascontiguousarray(np.asarray(fitted)[None, :, :, None].repeat(3, axis=3)))
        return np.where(self._own >= 0, found[0][:, self._own], 0).astype(np.float32)


def taught_steps(of_teacher: Floats, count: int) -> Floats:
    """Lay the teacher's time steps on those of the small net, which are finer.

    Args:
        of_teacher: (T, classes) float32, T at most `count`.
        count: Time steps of the small net.

    Returns:
        (count, classes) float32. Steps on which none of the teacher's falls are 0 everywhere.
    """
    steps = np.zeros((count, of_teacher.shape[1]), np.float32)
    places = (np.arange(len(of_teacher)) + 0.5) * count / len(of_teacher)
    steps[places.astype(int)] = of_teacher
    return steps
