"""A detection net without weights, which shows geometry exactly."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.runtime import NetOptions, Runtime

__all__ = ["BarNet"]


class BarNet(Runtime):
    """Sees text in what is darker than gray, and keeps the sizes of what it was shown."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    @classmethod
    def load(cls, path: Path, options: NetOptions) -> "BarNet":
        """See `Runtime`."""
        return cls()

    def run(self, batch: npt.NDArray[np.uint8], watched: int = 0) -> tuple[npt.NDArray[np.generic], ...]:
        """See `Runtime`."""
        self.sizes.append(batch.shape[2:0:-1])
        return ((batch[:, None, :, :, 1] < 127).astype(np.float32),)

    def metadata(self) -> dict[str, str]:
        """See `Runtime`."""
        return {}

    def class_count(self) -> int | None:
        """See `Runtime`."""
        return None
